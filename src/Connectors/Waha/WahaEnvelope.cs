using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>What stands around every WAHA event: which event, which session, our own addresses.</summary>
/// <param name="Event">The event's name.</param>
/// <param name="Account">The session.</param>
/// <param name="Own">Our own phone's address. Absent while unpaired.</param>
/// <param name="OwnLid">Our own hidden id. Absent before 2025.</param>
/// <param name="OwnName">What our account calls itself.</param>
/// <param name="Payload">The event's content.</param>
/// <param name="Milliseconds">When WAHA told it, in any of a number's spellings; the same when it tells it again. Absent in builds of 2024.</param>
internal readonly record struct WahaEnvelope(
    string Event, string? Account, WhatsAppJid? Own, WhatsAppJid? OwnLid, string? OwnName, JsonElement Payload, JsonElement Milliseconds)
{
    /// <summary>The member that names the session.</summary>
    public const string SessionMember = "session";

    /// <summary>Why what stands in <c>status@broadcast</c> is ignored.</summary>
    public const string Stories = "status@broadcast";

    public static WahaEnvelope Read(JsonElement root)
    {
        var me = root.Member("me");
        return new(
            root.Filled("event") ?? "",
            root.Id(SessionMember),
            WhatsAppJid.Parse(me.Text("id")) ?? WhatsAppJid.Parse(me.Text("jid")),
            WhatsAppJid.Parse(me.Text("lid"), BareJid.Lid),
            me.Filled("pushName"),
            root.Member("payload"),
            root.Member("timestamp"));
    }

    /// <summary>Our own addresses.</summary>
    public WhatsAppOwn Ours => new(Own, OwnLid);

    /// <summary>Whether this is our own side.</summary>
    public bool IsOwn(WhatsAppJid jid) => Ours.Is(jid);

    public ChannelEvent Ignored(string reason) =>
        new() { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Account = Account, Reason = reason };
}
