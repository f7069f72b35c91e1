using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads <c>session.status</c>: how a session stands with WhatsApp.</summary>
/// <remarks>A short break is told as STARTING and, some seconds later, WORKING.</remarks>
internal static class WahaConnectionReader
{
    /// <summary>Where the code is fetched: no event carries it.</summary>
    private const string CodeCall = "GET /api/{session}/auth/qr";

    private const int LongestCode = 32;

    public static ChannelEvent Read(WahaEnvelope envelope)
    {
        var status = envelope.Payload.Filled("status")?.Trim();
        return status?.ToUpperInvariant() switch
        {
            "STARTING" => Change(EventKinds.ConnectionConnecting, envelope, status),
            "SCAN_QR_CODE" => With(Change(EventKinds.ConnectionQrNeeded, envelope, status), "fetch", CodeCall),
            "WORKING" => Opened(envelope, status),

            // Codes nobody scanned, a log-out, or the engine's own trouble: it does not say which.
            "FAILED" => Change(EventKinds.ConnectionClosed, envelope, status),
            "STOPPED" => Change(EventKinds.ConnectionStopped, envelope, status),
            "PASSKEY_REQUIRED" => Change(EventKinds.ConnectionActionRequired, envelope, status) with { Reason = "the phone's passkey is required" },
            "PASSKEY_CONFIRMATION_REQUIRED" => ToConfirm(envelope, status),
            null => envelope.Ignored("no status in it"),
            _ => Change(EventKinds.ConnectionUnknown, envelope, status.Length <= 64 ? status : null),
        };
    }

    /// <summary>The phone shows the same code, which its owner compares.</summary>
    private static ChannelEvent ToConfirm(WahaEnvelope envelope, string status)
    {
        var told = Change(EventKinds.ConnectionActionRequired, envelope, status) with { Reason = "the passkey must be confirmed on the phone" };
        return envelope.Payload.Member("data").Id("code") is { Length: <= LongestCode } code ? With(told, "code", code) : told;
    }

    private static ChannelEvent Opened(WahaEnvelope envelope, string status)
    {
        var opened = Change(EventKinds.ConnectionOpen, envelope, status);
        opened = envelope.Own is { } own ? With(opened, "own_jid", own.ToString()) : opened;
        return envelope.OwnName is { } name ? With(opened, "own_name", name) : opened;
    }

    private static ChannelEvent With(ChannelEvent change, string name, string value) => change with { Details = change.Details.Add(name, value) };

    private static ChannelEvent Change(string kind, WahaEnvelope envelope, string? state) =>
        new() { Kind = kind, Action = EventAction.UpdateConnection, Account = envelope.Account, State = state };
}
