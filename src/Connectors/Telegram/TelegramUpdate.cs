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
    /// <summary>Telegram's number of the update, whatever else it says.</summary>
    public static long? NumberIn(JsonElement body) =>
        long.TryParse(body.Id("update_id"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>Null and <paramref name="unreadable"/> with the reason when it is no update, or one of ours in a form that nobody can read.</summary>
    public static TelegramUpdate? Read(JsonElement body, Connection? channel, out string unreadable)
    {
        // Without its id nobody could tell it from a repetition.
        if (NumberIn(body) is not { } id)
        {
            unreadable = "no update_id";
            return null;
        }

        // An update has one content. A field of tomorrow beside it must not hide the one we know.
        var content = body.EnumerateObject().Where(member => member.Name != "update_id" && !member.Value.IsNothing()).ToList();
        var known = content.FindAll(member => TelegramInbound.Knows(member.Name));
        if (known.Count > 0 && !known.Exists(member => member.Value.IsObject()))
        {
            unreadable = $"{known[0].Name} is no object";
            return null;
        }

        unreadable = "";
        var chosen = (known.Count > 0 ? known : content).Where(member => member.Value.IsObject()).Select(member => (JsonProperty?)member).FirstOrDefault();
        return new(
            id, chosen?.Name, chosen?.Value ?? default,
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
