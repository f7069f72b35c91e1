using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads the two things we want of a vCard: the name and one phone number.</summary>
internal static class VCard
{
    /// <summary>The card; <paramref name="displayName"/> goes before the card's own name.</summary>
    public static ContactCard Read(string? displayName, string? vcard)
    {
        string? name = null, phone = null, otherPhone = null;
        foreach (var line in Unfolded(vcard ?? "").Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                continue;
            }

            var value = line[(colon + 1)..].Trim();
            var property = PropertyOf(line[..colon], out var parameters);
            if (property.Equals("FN", StringComparison.OrdinalIgnoreCase))
            {
                name ??= value.Length > 0 ? Unescaped(value) : null;
            }
            else if (property.Equals("TEL", StringComparison.OrdinalIgnoreCase))
            {
                phone ??= WhatsAppIdOf(parameters);
                otherPhone ??= Digits(value);
            }
        }

        return new ContactCard(string.IsNullOrWhiteSpace(displayName) ? name : displayName, phone ?? otherPhone);
    }

    /// <summary>A line that starts with white space goes on the one before (RFC 6350, 3.2).</summary>
    private static string Unfolded(string vcard) =>
        vcard.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n ", "", StringComparison.Ordinal).Replace("\n\t", "", StringComparison.Ordinal);

    /// <summary><c>item1.TEL;type=CELL;waid=1202…</c>: TEL, and what follows its first semicolon.</summary>
    private static string PropertyOf(string left, out string parameters)
    {
        var semicolon = left.IndexOf(';', StringComparison.Ordinal);
        parameters = semicolon < 0 ? "" : left[(semicolon + 1)..];
        var property = semicolon < 0 ? left : left[..semicolon];
        return property[(property.LastIndexOf('.') + 1)..].Trim();
    }

    private static string? WhatsAppIdOf(string parameters)
    {
        foreach (var parameter in parameters.Split(';'))
        {
            if (parameter.Trim().StartsWith("waid=", StringComparison.OrdinalIgnoreCase))
            {
                return Digits(parameter);
            }
        }

        return null;
    }

    private static string? Digits(string value)
    {
        var digits = string.Concat(value.Where(char.IsAsciiDigit));
        return digits.Length is > 0 and <= 32 ? digits : null;
    }

    private static string Unescaped(string value) =>
        value.Replace("\\,", ",", StringComparison.Ordinal).Replace("\\;", ";", StringComparison.Ordinal).Replace("\\n", " ", StringComparison.OrdinalIgnoreCase);
}
