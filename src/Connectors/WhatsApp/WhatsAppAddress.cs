using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads an address as people write it: <c>+351 900-000-001</c>, bare digits, or a jid.</summary>
internal static class WhatsAppAddress
{
    public const string Form = "a phone number with its country code (+351 900 000 001), or a WhatsApp id (…@s.whatsapp.net, …@lid, …@g.us)";

    // E.164 has 15 digits at the most; no country's numbers are shorter than 7 with the country code.
    private const int ShortestNumber = 7;
    private const int LongestNumber = 15;

    public static ChatAddress? Read(string written)
    {
        if (written.Contains('@', StringComparison.Ordinal))
        {
            return WhatsAppJid.Parse(written) is { } jid && (jid.Phone is not null || jid.IsLid || jid.IsGroup) ? new(jid.ToString(), jid.ChatType, jid.Phone) : null;
        }

        return DigitsOf(written) is { } digits ? new(new WhatsAppJid(digits, WhatsAppJid.PhoneServer).ToString(), Phone: digits) : null;
    }

    /// <summary>The digits of a phone number with its country code; null when it is none.</summary>
    public static string? DigitsOf(string written)
    {
        var trimmed = written.Trim();
        trimmed = trimmed.StartsWith('+') ? trimmed[1..] : trimmed;
        var digits = string.Concat(trimmed.Where(char.IsAsciiDigit));
        return digits.Length is >= ShortestNumber and <= LongestNumber && trimmed.All(letter => char.IsAsciiDigit(letter) || letter is ' ' or '-' or '(' or ')' or '.' or '/')
            ? digits
            : null;
    }
}
