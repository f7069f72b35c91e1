using System.Collections.Immutable;
using Channels.Connectors.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Turns a WAHA webhook, of any engine and of any version since 2024, into events in the product's words.</summary>
/// <remarks>
/// Message path, step 3 of 6. Pure: bytes in, events out; no clock, no I/O, no exception on any bytes. The table below is the whole list of event names.
/// </remarks>
internal static class WahaInbound
{
    public static Normalised Normalise(WebhookBody webhook)
    {
        using var document = JsonBody.TryRead(webhook.Body, out var unreadable);
        if (document is null)
        {
            return new Normalised.Unreadable(unreadable);
        }

        if (!document.RootElement.IsObject())
        {
            return new Normalised.Unreadable(JsonBody.NoObject(document.RootElement));
        }

        var envelope = WahaEnvelope.Read(document.RootElement);
        if (envelope.Event is "message" or "message.any" && envelope.Payload.IsObject() && !WahaMessageReader.IsPlaced(envelope))
        {
            // No engine sends one; should a build do so, somebody's words must not go unseen.
            return new Normalised.Unreadable("a message that says neither in WAHA's words nor in its engine's which one it is, or in which chat");
        }

        var events = Read(envelope).ToImmutableArray();
        return new Normalised.Events(events.IsEmpty ? [envelope.Ignored("an empty list")] : events);
    }

    private static IEnumerable<ChannelEvent> Read(WahaEnvelope envelope) => envelope.Event switch
    {
        "state.change" => [envelope.Ignored("deprecated engine state; session.status is authoritative")],
        "engine.event" => [envelope.Ignored("debug event")],
        "message" or "message.any" => [WithPayload(envelope, WahaMessageReader.Read)],
        WahaHistory.Event => envelope.Payload.IsArray() ? envelope.Payload.EnumerateArray().Select(one => WithPayload(envelope with { Payload = one }, WahaMessageReader.ReadPast)) : [envelope.Ignored("no payload")],
        "message.reaction" => [WithPayload(envelope, WahaReactionReader.Read)],
        "message.edited" => [WithPayload(envelope, WahaChangeReader.ReadEdited)],
        "message.revoked" => [WithPayload(envelope, WahaChangeReader.ReadRevoked)],
        "message.waiting" => [WithPayload(envelope, WahaMessageReader.ReadWaiting)],
        "message.ack" or "message.ack.group" => [WithPayload(envelope, WahaReceiptReader.Read)],
        WahaPollReader.VoteEvent or "poll.vote.failed" => [WithPayload(envelope, WahaPollReader.ReadVote)],
        "session.status" => [WithPayload(envelope, WahaConnectionReader.Read)],
        "presence.update" => WahaPeopleReader.ReadPresence(envelope),
        "call.received" => [WithPayload(envelope, call => WahaPeopleReader.ReadCall(call, EventKinds.CallOffer, "offer"))],
        "call.accepted" => [WithPayload(envelope, call => WahaPeopleReader.ReadCall(call, EventKinds.CallEnd, "accept"))],
        "call.rejected" => [WithPayload(envelope, call => WahaPeopleReader.ReadCall(call, EventKinds.CallEnd, "reject"))],
        var other => [envelope.Ignored(WhyUnused(other))],
    };

    private static ChannelEvent WithPayload(WahaEnvelope envelope, Func<WahaEnvelope, ChannelEvent> read) =>
        envelope.Payload.IsObject() ? read(envelope) : envelope.Ignored(envelope.Payload.IsNothing() ? "no payload" : "the payload is no object");

    /// <summary>Says why in our words: the name itself may be somebody's text.</summary>
    private static string WhyUnused(string name) => name switch
    {
        "" => "no event name",
        _ => name.Split('.')[0] switch
        {
            "group" => "group metadata not used",
            "chat" => "chat metadata not used",
            "label" => "labels not used",
            _ when name.StartsWith("event.response", StringComparison.Ordinal) => "answers to invitations not used",
            _ => "unknown event",
        },
    };
}
