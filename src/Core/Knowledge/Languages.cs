using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Channels.Core.Knowledge;

/// <summary>The languages whose words are reduced to their stems, so that <c>deliver</c> finds <c>delivery</c>. The list is closed; in others a word is found as it is written.</summary>
public static partial class Languages
{
    /// <summary>How words of other languages are read.</summary>
    public const string Unstemmed = "simple";

    // Postgres' own names of its dictionaries, as of version 14; Norwegian has three tags.
    private static readonly FrozenDictionary<string, string> ByTag = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["ar"] = "arabic", ["hy"] = "armenian", ["eu"] = "basque", ["ca"] = "catalan", ["da"] = "danish", ["nl"] = "dutch", ["en"] = "english",
        ["fi"] = "finnish", ["fr"] = "french", ["de"] = "german", ["el"] = "greek", ["hi"] = "hindi", ["hu"] = "hungarian", ["id"] = "indonesian",
        ["ga"] = "irish", ["it"] = "italian", ["lt"] = "lithuanian", ["ne"] = "nepali", ["no"] = "norwegian", ["nb"] = "norwegian", ["nn"] = "norwegian",
        ["pt"] = "portuguese", ["ro"] = "romanian", ["ru"] = "russian", ["sr"] = "serbian", ["es"] = "spanish", ["sv"] = "swedish", ["ta"] = "tamil",
        ["tr"] = "turkish", ["yi"] = "yiddish",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The text search configuration for a BCP 47 tag: its first part decides (<c>pt-BR</c> reads as <c>pt</c>).</summary>
    public static string ConfigurationOf(string tag) => ByTag.GetValueOrDefault(PrimaryOf(tag), Unstemmed);

    /// <summary>A tag's language without region or script, lower case.</summary>
    public static string PrimaryOf(string tag) => tag.Split('-', '_')[0].ToLowerInvariant();

    /// <summary>Whether this has the form of a language tag: <c>en, es, pt-BR</c>.</summary>
    public static bool IsTag(string text) => Tag().IsMatch(text);

    [GeneratedRegex("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}
