using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>One update as every reader gets it: what it is, its content, and which bot it came to.</summary>
/// <param name="Id">Counts up per bot; the same update told twice has the same.</param>
/// <param name="Kind">The member that holds the content; null when there is none.</param>
/// <param name="Value">The content.</param>
/// <param name="BotId">Our bot's id. The update does not say it: it is known from the channel, and null for a body without one.</param>
/// <param name="Username">Our bot's name without @, where the channel's owner gave it.</param>
internal readonly record struct TelegramUpdate(long Id, string? Kind, JsonElement Value, string? BotId, string? Username)
{
    /// <summary>Null when it is no update: without its id nobody could tell it from a repetition.</summary>
    public static TelegramUpdate? Read(JsonElement body, Connection? channel)
    {
        if (body.Member("update_id") is not { ValueKind: JsonValueKind.Number } number || !number.TryGetInt64(out var id))
        {
            return null;
        }

        // An update has one content. A field of tomorrow beside it must not hide the one we know.
        var content = body.EnumerateObject().Where(member => member.Name != "update_id" && member.Value.IsObject()).ToList();
        var known = content.FindIndex(member => TelegramInbound.Knows(member.Name));
        var chosen = known >= 0 ? content[known] : content.Count > 0 ? content[0] : default;
        return new(
            id, content.Count > 0 ? chosen.Name : null, content.Count > 0 ? chosen.Value : default,
            TelegramSettings.BotIdOf(channel?.Setting("bot_token")), channel is null ? null : TelegramSettings.UsernameOf(channel));
    }

    /// <summary>An event of this update.</summary>
    public ChannelEvent Event(string kind, EventAction action) => new()
    {
        Kind = kind,
        Action = action,
        Account = BotId is null ? null : $"bot:{BotId}",
        EventId = string.Create(CultureInfo.InvariantCulture, $"update:{Id}"),
        Details = ImmutableDictionary<string, object?>.Empty.Add("update_id", Id),
    };

    /// <summary>Something we have no use for.</summary>
    public ChannelEvent Ignored(string why) => Event(EventKinds.Ignored, EventAction.Ignore) with { Reason = why };
}
