using Channels.Api.Errors;

namespace Channels.Api.Pairing;

/// <summary>A phone number as people write it.</summary>
internal static class PhoneNumber
{
    public static Problem Complaint { get; } = Problem.Field(
        ErrorCatalogue.InvalidFields, "phone_number", "must be a number with its country code, 8 to 15 digits: +49 170 1234567.");

    /// <summary>The digits; null for none given. False when it is no number.</summary>
    public static bool TryRead(string? text, out string? digits)
    {
        digits = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            return true;
        }

        var plain = string.Concat(text.Where(letter => letter is not (' ' or '-' or '(' or ')' or '.' or '/' or '\u00a0')));
        plain = plain.StartsWith('+') ? plain[1..] : plain.StartsWith("00", StringComparison.Ordinal) ? plain[2..] : plain;
        digits = plain.Length is >= 8 and <= 15 && plain[0] != '0' && plain.All(char.IsAsciiDigit) ? plain : null;
        return digits is not null;
    }
}
