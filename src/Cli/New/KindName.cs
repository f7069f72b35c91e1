using System.Text.RegularExpressions;

namespace Channels.Cli.New;

/// <summary>A new kind's name in the forms it is needed in.</summary>
/// <param name="Pascal">For types and folders: <c>SmsGate</c>.</param>
/// <param name="Id">For the API, the manifest and URLs: <c>sms_gate</c>.</param>
/// <param name="Title">For people: <c>Sms Gate</c>.</param>
internal sealed partial record KindName(string Pascal, string Id, string Title)
{
    private const int Longest = 50;

    /// <summary>Reads <c>SmsGate</c>, <c>sms-gate</c> or <c>sms_gate</c>; null for what cannot be a name.</summary>
    public static KindName? TryRead(string written)
    {
        if (written.Length > Longest || !Form().IsMatch(written))
        {
            return null;
        }

        var words = Words().Matches(written).Select(word => word.Value).ToList();
        return new(
            string.Concat(words.Select(Capital)), string.Join('_', words.Select(word => word.ToLowerInvariant())), string.Join(' ', words.Select(Capital)));
    }

    private static string Capital(string word) => $"{char.ToUpperInvariant(word[0])}{word[1..]}";

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*$")]
    private static partial Regex Form();

    // A run of capitals is one word, but for the last, which begins the next: SMSGate is SMS and Gate.
    [GeneratedRegex("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z0-9]+|[A-Z]")]
    private static partial Regex Words();
}
