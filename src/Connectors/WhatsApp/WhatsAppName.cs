namespace Channels.Connectors.WhatsApp;

/// <summary>Tells a person's own name from what a gateway fills in when it knows none.</summary>
internal static class WhatsAppName
{
    /// <summary>Evolution writes this for our own side whatever the account is called.</summary>
    private const string OurSide = "Você";

    /// <summary>The name, or null for an empty one, the digits of the number ("12025550162:3"), an address, or "Você".</summary>
    public static string? Clean(string? pushName)
    {
        var name = pushName?.Trim();
        return string.IsNullOrEmpty(name) || name == OurSide || IsNumber(name) || IsAddress(name) ? null : name;
    }

    private static bool IsNumber(string name)
    {
        var digits = false;
        foreach (var c in name)
        {
            if (char.IsAsciiDigit(c))
            {
                digits = true;
            }
            else if (c is not (' ' or '+' or '-' or '(' or ')' or ':' or '.' or '_'))
            {
                return false;
            }
        }

        return digits;
    }

    private static bool IsAddress(string name) =>
        WhatsAppJid.Parse(name) is { IsPerson: true } jid && jid.User.All(char.IsAsciiDigit);
}
