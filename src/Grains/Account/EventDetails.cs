using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Core.Events;

namespace Channels.Grains.Account;

/// <summary>What of an event has no column of its own, as JSON; null for a plain text message, which most are.</summary>
internal static class EventDetails
{
    private static readonly string[] Columns =
        ["kind", "action", "account", "chat_id", "message_id", "from_me", "timestamp", "sender_id", "sender_name", "text", "reason"];

    /// <summary>The event in the vocabulary's own form, less what the row says already.</summary>
    public static string? Of(ChannelEvent happened)
    {
        if (IsPlain(happened))
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            ChannelEventJson.Write(writer, happened);
        }

        var whole = JsonNode.Parse(buffer.WrittenSpan)!.AsObject();
        foreach (var column in Columns)
        {
            whole.Remove(column);
        }

        return whole.Count == 0 ? null : whole.ToJsonString();
    }

    private static bool IsPlain(ChannelEvent happened) =>
        happened is
        {
            Kind: EventKinds.MessageText or EventKinds.EchoText, Media: null, ReplyTo: null, Referral: null, ViewOnce: null, Payload: null
        }
        && ChatTypes.IsDirect(happened.ChatType) && happened.Details.IsEmpty;
}
