using System.Globalization;

namespace Channels.Connectors.Telegram;

/// <summary>Where an answer goes: a chat, and in it a topic, a channel's direct-messages topic, a business account's side of it, or one guest query.</summary>
/// <remarks>
/// Written as <c>chat</c>, <c>chat:topic=N</c>, <c>chat:direct=N</c>, <c>chat:business=ID</c>, <c>chat:guest=ID</c>. Each is a conversation of its own: a customer who
/// writes to the bot and, elsewhere, to the business account the bot serves is in two, although both chats have one id.
/// </remarks>
internal sealed record TelegramAddress(string Chat, string? Topic = null, string? DirectTopic = null, string? Business = null, string? Guest = null)
{
    private const char Separator = ':';

    /// <summary>Whether it is more than the chat's id.</summary>
    public bool IsSpecial => (Topic ?? DirectTopic ?? Business ?? Guest) is not null;

    /// <summary>The chat's number, or the name of a public channel; null when it is neither.</summary>
    public object? ChatIdentifier =>
        long.TryParse(Chat, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id) ? id
        : Chat.StartsWith('@') ? Chat
        : null;

    /// <summary>Groups, supergroups and channels have negative ids.</summary>
    public bool IsGroup => Chat.StartsWith('-');

    public static TelegramAddress Parse(string address)
    {
        var parts = address.Split(Separator);
        var read = new TelegramAddress(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (part, "") : (part[..equals], part[(equals + 1)..]);
            read = name switch
            {
                "topic" => read with { Topic = value },
                "direct" => read with { DirectTopic = value },
                "business" => read with { Business = value },
                "guest" => read with { Guest = value },
                _ => read,
            };
        }

        return read;
    }

    public override string ToString() =>
        $"{Chat}{Part("topic", Topic)}{Part("direct", DirectTopic)}{Part("business", Business)}{Part("guest", Guest)}";

    private static string Part(string name, string? value) => value is null ? "" : $"{Separator}{name}={value}";
}
