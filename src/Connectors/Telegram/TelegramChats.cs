using System.Buffers;
using System.Globalization;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Reads a chat as people write it: a number, or the @name of a public channel or group. A person's @name cannot be written to.</summary>
internal static class TelegramChats
{
    public const string Form = "a chat's number (44001, -1001234567890), as it stands in a conversation, or the @name of a public channel; people are written to only after they wrote to the bot";

    public static ChatAddress? Read(string written)
    {
        var address = TelegramAddress.Parse(written.Trim());
        return address switch
        {
            { Guest: not null } => null,
            { ChatIdentifier: long id } => new((address with { Chat = id.ToString(CultureInfo.InvariantCulture) }).ToString(), id < 0 ? "supergroup" : "private"),
            { ChatIdentifier: string name } when name.Length is > 4 and <= 65 && name.AsSpan(1).IndexOfAnyExcept(_nameLetters) < 0 => new(address.ToString(), "channel"),
            _ => null,
        };
    }

    private static readonly SearchValues<char> _nameLetters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}
