namespace Channels.Connectors.WhatsApp;

/// <summary>Compares phone numbers as WhatsApp does: it knows some by an older spelling than their owners use.</summary>
internal static class WhatsAppNumber
{
    /// <summary>Whether the paired account is the number somebody wrote. True where either is no phone number: then there is nothing to compare.</summary>
    /// <param name="identity">As a person writes it: digits, with or without <c>+</c>, spaces, dashes and brackets; or something else altogether.</param>
    /// <param name="ownId">A jid.</param>
    public static bool IsSame(string identity, string ownId) =>
        DigitsOf(identity) is not { } wanted || WhatsAppJid.Parse(ownId)?.Phone is not { } paired || Canonical(wanted) == Canonical(paired);

    /// <summary>The other spelling of a Brazilian or Mexican mobile's number; null for all others.</summary>
    /// <remarks>
    /// Exactly where Evolution API takes the two for one: it writes to the shorter whichever it is given. Meta answers from the one it knows, whichever that is. In Brazil that leaves out the areas below 31, and what may be a
    /// fixed line by its first digit; in Argentina all, where the 9 is what tells a mobile from a fixed line.
    /// </remarks>
    /// <param name="digits">Country code first, without <c>+</c>.</param>
    public static string? OtherSpelling(string digits) => digits switch
    {
        { Length: 13 } when digits.StartsWith("55", StringComparison.Ordinal) => digits[4] == '9' && IsFoldedInBrazil(digits, 5) ? digits[..4] + digits[5..] : null,
        { Length: 12 } when digits.StartsWith("55", StringComparison.Ordinal) => IsFoldedInBrazil(digits, 4) ? $"{digits[..4]}9{digits[4..]}" : null,
        { Length: 13 } when digits.StartsWith("521", StringComparison.Ordinal) => digits[..2] + digits[3..],
        { Length: 12 } when digits.StartsWith("52", StringComparison.Ordinal) => $"521{digits[2..]}",
        _ => null,
    };

    private static bool IsFoldedInBrazil(string digits, int first) => string.CompareOrdinal(digits, 2, "31", 0, 2) >= 0 && digits[first] >= '7';

    private static string? DigitsOf(string identity)
    {
        var plain = string.Concat(identity.Where(letter => letter is not (' ' or '-' or '(' or ')' or '.' or '/')));
        plain = plain.StartsWith('+') ? plain[1..] : plain.StartsWith("00", StringComparison.Ordinal) ? plain[2..] : plain;
        plain = plain.Split('@')[0];
        return plain.Length is >= 8 and <= 15 && plain.All(char.IsAsciiDigit) ? plain : null;
    }

    // Brazil's ninth digit, Mexico's 1 and Argentina's 9 for mobiles came later than many accounts.
    private static string Canonical(string digits) => digits switch
    {
        { Length: 13 } when digits.StartsWith("55", StringComparison.Ordinal) && digits[4] == '9' => digits[..4] + digits[5..],
        { Length: 13 } when digits.StartsWith("521", StringComparison.Ordinal) => "52" + digits[3..],
        { Length: 13 } when digits.StartsWith("549", StringComparison.Ordinal) => "54" + digits[3..],
        _ => digits,
    };
}
