using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Reads what was written before a number was connected that its owner also uses on a phone. It comes in pieces, in no order.</summary>
internal static class WhatsAppCloudHistoryReader
{
    public static IEnumerable<ChannelEvent> Read(WhatsAppCloudChange change)
    {
        var events = change.Items("history").SelectMany(piece => Read(piece, change))
            // The files of the past come by themselves, one message each: what people sent in one list, what our side sent in the other.
            .Concat(change.Items("messages").Concat(change.Items("message_echoes")).Select(item => WhatsAppCloudMessageReader.Read(item, change, WhatsAppCloudOrigin.History)))
            .ToList();
        return events.Count > 0 ? events : [change.Ignored("a piece of history with nothing in it")];
    }

    private static IEnumerable<ChannelEvent> Read(System.Text.Json.JsonElement piece, WhatsAppCloudChange change) =>
        WhatsAppCloudValues.Items(piece.Member("errors")).Select(_ => change.Ignored("the owner of the number does not share its history"))
            .Concat(WhatsAppCloudValues.Items(piece.Member("threads")).SelectMany(thread =>
                WhatsAppCloudValues.Items(thread.Member("messages")).Select(item =>
                    WhatsAppCloudMessageReader.Read(item, change, WhatsAppCloudOrigin.History, WhatsAppCloudParties.OfThread(thread)))));
}
