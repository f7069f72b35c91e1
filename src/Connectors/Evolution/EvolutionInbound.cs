using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Turns an Evolution API webhook, of any version from 1.8 to 2.4, into events in the product's words.</summary>
/// <remarks>
/// Message path, step 3 of 6. Pure: bytes in, events out; no clock, no I/O, no exception on any bytes. The table below is the whole list
/// of event names; each reader behind it takes one item, so that a bad one harms none of its neighbours.
/// </remarks>
internal static class EvolutionInbound
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

        var envelope = EvolutionEnvelope.Read(document.RootElement, webhook.Path);
        var events = Read(envelope).Select(WithOtherSpelling).ToImmutableArray();
        return new Normalised.Events(events.IsEmpty ? [envelope.Ignored("an empty list")] : events);
    }

    private static IEnumerable<ChannelEvent> Read(EvolutionEnvelope envelope) => envelope.Event switch
    {
        "messages.upsert" => envelope.Items("messages").Select(item => EvolutionMessageReader.Read(item, envelope, WhatsAppOrigin.Arrived)),
        "send.message" => envelope.Items("messages").Select(item => EvolutionMessageReader.Read(item, envelope, WhatsAppOrigin.ApiSend)),
        "messages.set" or "messaging.history.set" =>
            envelope.Items("messages").Select(item => IsCount(item) ? envelope.Ignored("how much history there is, not the history") : EvolutionMessageReader.Read(item, envelope, WhatsAppOrigin.History)),
        "messages.edited" => envelope.Items("messages").Select(item => EvolutionChangeReader.ReadEdited(item, envelope, ours: false)),
        "send.message.update" => envelope.Items("messages").Select(item => EvolutionChangeReader.ReadEdited(item, envelope, ours: true)),
        "messages.update" => envelope.Items("messages").Select(item => EvolutionReceiptReader.ReadUpdate(item, envelope)),
        "messages.delete" => envelope.Items("keys").Select(item => EvolutionReceiptReader.ReadDelete(item, envelope)),
        "contacts.upsert" or "contacts.update" or "contacts.set" =>
            envelope.Items("contacts").Select(item => EvolutionPeopleReader.ReadContact(item, envelope)),
        "presence.update" => envelope.Items("presence").SelectMany(item => EvolutionPeopleReader.ReadPresence(item, envelope)),
        "call" => envelope.Items("calls").Select(item => EvolutionPeopleReader.ReadCall(item, envelope)),
        "connection.update" => [EvolutionConnectionReader.ReadUpdate(envelope)],
        "qrcode.updated" => [EvolutionConnectionReader.ReadQr(envelope)],
        "status.instance" => [EvolutionConnectionReader.ReadStatus(envelope)],
        "logout.instance" => [EvolutionConnectionReader.ReadLogout(envelope)],
        "remove.instance" or "instance.delete" => [EvolutionConnectionReader.ReadRemoved(envelope)],
        var other => [envelope.Ignored(WhyUnused(other))],
    };

    // What we send to the one spelling comes back, and is answered, from the other.
    private static ChannelEvent WithOtherSpelling(ChannelEvent happened) =>
        happened.ChatAlias is null && WhatsAppJid.Parse(happened.ChatId) is { Phone: { } phone } && WhatsAppNumber.OtherSpelling(phone) is { } other
            ? happened with { ChatAlias = new WhatsAppJid(other, WhatsAppJid.PhoneServer).ToString() }
            : happened;

    /// <summary>2.4 tells <c>messaging-history.set</c> in numbers alone.</summary>
    private static bool IsCount(JsonElement item) => item.Member("key").IsNothing() && !item.Member("messageCount", "chatCount").IsNothing();

    /// <summary>Says why in our words: the name itself may be somebody's text.</summary>
    private static string WhyUnused(string name) => name.Split('.')[0] switch
    {
        "" => "no event name",
        "groups" or "group" => "group metadata not used",
        "chats" => "chat metadata not used",
        "labels" => "labels not used",
        "typebot" => "another bot's news",
        "application" or "instance" => "the gateway's own news",
        _ => "unknown event",
    };
}
