namespace Channels.Connectors.WhatsApp;

/// <summary>What an address without its server part means; the field it stands in decides.</summary>
internal enum BareJid
{
    Phone,
    Lid,
}

/// <summary>A WhatsApp address in canonical form: no device or agent suffix, <c>@c.us</c> as <c>@s.whatsapp.net</c>.</summary>
/// <remarks>Rule of all WhatsApp gateways: one person has one address here, whichever engine spelled it.</remarks>
internal readonly record struct WhatsAppJid(string User, string Server)
{
    public const string PhoneServer = "s.whatsapp.net";
    public const string LidServer = "lid";
    public const string GroupServer = "g.us";
    private const int LongestJid = 128;

    public bool IsPhone => Server == PhoneServer;

    public bool IsLid => Server == LidServer;

    public bool IsPerson => IsPhone || IsLid;

    public bool IsGroup => Server == GroupServer;

    public bool IsStatus => Server == "broadcast" && User == "status";

    public bool IsNewsletter => Server == "newsletter";

    /// <summary><c>direct, group, broadcast</c>, or WhatsApp's own <c>status</c> and <c>newsletter</c>.</summary>
    public string ChatType => Server switch
    {
        GroupServer => "group",
        "broadcast" => IsStatus ? "status" : "broadcast",
        "newsletter" => "newsletter",
        _ => "direct",
    };

    /// <summary>The phone number in digits; null for anything but a phone's address.</summary>
    public string? Phone => IsPhone && User.All(char.IsAsciiDigit) ? User : null;

    /// <summary>Null when this is no address at all.</summary>
    public static WhatsAppJid? Parse(string? text, BareJid bare = BareJid.Phone)
    {
        if (text is null || text.Length > LongestJid)
        {
            return null;
        }

        text = text.Trim();
        var at = text.LastIndexOf('@');
        return at < 0 ? ParseBare(text, bare) : ParseFull(text[..at], text[(at + 1)..]);
    }

    private static WhatsAppJid? ParseFull(string user, string server)
    {
        server = server switch
        {
            PhoneServer or LidServer or GroupServer => server,
            _ => server.ToLowerInvariant() switch
            {
                "c.us" or "hosted" or PhoneServer => PhoneServer,
                "hosted.lid" => LidServer,
                var other => other,
            },
        };
        if (server is PhoneServer or LidServer)
        {
            user = WithoutDevice(user).TrimStart('+');
        }

        return user.Length == 0 || server.Length == 0 ? null : new WhatsAppJid(user, server);
    }

    /// <summary>Evolution 2.4.0-rc2 cuts the server off LIDs, and some fields never had one.</summary>
    private static WhatsAppJid? ParseBare(string text, BareJid bare)
    {
        var user = WithoutDevice(text).TrimStart('+');
        if (user.Length == 0 || !user.All(c => char.IsAsciiDigit(c) || c == '-'))
        {
            return null;
        }

        // The gateway's own rule: 18 digits and more, or the old <creator>-<time> form, is a group.
        return user.Length >= 18 || user.Contains('-', StringComparison.Ordinal)
            ? new WhatsAppJid(user, GroupServer)
            : new WhatsAppJid(user, bare == BareJid.Lid ? LidServer : PhoneServer);
    }

    /// <summary>Cuts <c>:12</c> (device), <c>.0</c> and <c>_1</c> (agent).</summary>
    private static string WithoutDevice(string user)
    {
        var end = user.AsSpan().IndexOfAny(':', '.', '_');
        return end < 0 ? user : user[..end];
    }

    public override string ToString() => $"{User}@{Server}";
}
