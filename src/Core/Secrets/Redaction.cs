using System.Text.RegularExpressions;

namespace Channels.Core.Secrets;

/// <summary>Blanks secrets in text that is shown to people, whether it is whole JSON, broken JSON or a form.</summary>
/// <remarks>Works on text and not on a parsed document: what is shown here is often exactly what no parser could read. Blanks rather too much than too little.</remarks>
public static partial class Redaction
{
    /// <summary>What stands where a secret was.</summary>
    public const string Blank = "***";

    // A known secret shorter than this would blank half the text.
    private const int ShortestLiteral = 6;

    /// <summary>The text with values of secret names blanked, and these known secrets wherever they stand.</summary>
    public static string Redact(string text, IEnumerable<string> known)
    {
        foreach (var secret in known.Where(secret => secret.Length >= ShortestLiteral))
        {
            text = text.Replace(secret, Blank, StringComparison.Ordinal);
        }

        text = JsonText().Replace(text, match => Blanked(match, closing: "\""));
        text = JsonBare().Replace(text, match => Blanked(match, closing: ""));
        text = EscapedJsonMember().Replace(text, match => Blanked(match, closing: ""));
        return FormField().Replace(text, match => Blanked(match, closing: ""));
    }

    private static string Blanked(Match match, string closing) =>
        SecretNames.IsSecret(match.Groups["name"].Value) ? $"{match.Groups["before"].Value}{Blank}{closing}" : match.Value;

    // The closing quote is optional: the text may be cut off inside the secret.
    [GeneratedRegex("""(?<before>"(?<name>[^"\\]{1,64})"\s*:\s*")(?:\\.|[^"\\])*"?""", RegexOptions.Singleline, 1000)]
    private static partial Regex JsonText();

    [GeneratedRegex("""(?<before>"(?<name>[^"\\]{1,64})"\s*:\s*)[-+.\w]+""", RegexOptions.Singleline, 1000)]
    private static partial Regex JsonBare();

    // JSON inside a JSON string.
    [GeneratedRegex("""(?<before>\\+"(?<name>[^"\\]{1,64})\\+"\s*:\s*\\+")[^"]*""", RegexOptions.Singleline, 1000)]
    private static partial Regex EscapedJsonMember();

    [GeneratedRegex("""(?<before>(?<![\w"])(?<name>[\w-]{1,64})=)[^&\s"]+""", RegexOptions.Singleline, 1000)]
    private static partial Regex FormField();
}
