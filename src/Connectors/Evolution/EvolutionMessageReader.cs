using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Turns one message item (<c>key</c> and <c>message</c>) into one event.</summary>
internal static class EvolutionMessageReader
{
    public static ChannelEvent Read(JsonElement item, EvolutionEnvelope envelope, WhatsAppOrigin origin)
    {
        if (!item.IsObject())
        {
            return envelope.Ignored(item.IsNothing() ? "no data" : "the message is no object");
        }

        var key = item.Member("key") is { ValueKind: JsonValueKind.Object } own ? own : item;
        var parties = WhatsAppParties.Read(key, item);
        if (origin == WhatsAppOrigin.ApiSend)
        {
            parties = parties with { FromMe = true, Sender = null, SenderLid = null };
        }

        if (key.Id("id") is not { } id || parties.Chat is not { } chat)
        {
            return envelope.Ignored("no message id or no chat");
        }

        var bare = parties.Message(envelope.Account, id, WhatsAppValues.Time(item.Member("messageTimestamp")), item.Text("pushName"));
        var content = WhatsAppUnwrap.Open(item.Member("message"));
        if (content.Leaf is null)
        {
            return bare with { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Reason = Unreadable(item, content) };
        }

        if (WhatsAppChange.In(content) is { } change)
        {
            return EvolutionChangeReader.ReadWithin(change, id, item, envelope, parties);
        }

        var message = WhatsAppContentReader.Read(bare, content, item, new(envelope.Own), parties);
        return WhatsAppPlacing.Place(message, chat, origin, EvolutionEnvelope.Stories);
    }

    private static string Unreadable(JsonElement item, WhatsAppContent content) => content.Housekeeping switch
    {
        { } name => $"only {name}",
        null when !item.Member("messageStubType").IsNothing() => "a note of WhatsApp's own, not a message",
        null => "nothing readable in the message",
    };
}
