using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Reads the life of an instance: connection, QR codes, logging out, removal.</summary>
internal static class EvolutionConnectionReader
{
    private const string DataUrlPrefix = "data:";

    /// <summary>With these codes the gateway gives up and forgets the pairing; after all others it reconnects by itself.</summary>
    private static bool EndsPairing(long? code) => code is 401 or 402 or 403 or 406;

    /// <summary><c>connection.update</c>. A short break sends no <c>close</c>: its first sign is <c>connecting</c> again.</summary>
    public static ChannelEvent ReadUpdate(EvolutionEnvelope envelope)
    {
        var data = envelope.Data;
        var state = data.Filled("state");
        var code = WhatsAppValues.Integer(data.Member("statusReason"));
        return state switch
        {
            "open" => Opened(data, envelope),
            "connecting" => Change(EventKinds.ConnectionConnecting, envelope, state),
            "close" or "closed" => Closed(envelope, state, code, EndsPairing(code)),

            // Nobody scanned any of the codes: the socket is gone and a new pairing must be asked for.
            "refused" => Closed(envelope, state, code, needsPairing: true),
            _ => Change(EventKinds.ConnectionUnknown, envelope, state),
        };
    }

    /// <summary><c>status.instance</c>: the same fact as a closing <c>connection.update</c>, told once more.</summary>
    /// <remarks>Up to 1.8 it gives no code, and is told of a log-out alone; 2.4 tells it of 408 too, after which the pairing stands.</remarks>
    public static ChannelEvent ReadStatus(EvolutionEnvelope envelope)
    {
        var state = envelope.Data.Filled("status");
        var code = WhatsAppValues.Integer(envelope.Data.Member("disconnectionReasonCode"));
        return state switch
        {
            "closed" or "close" => Closed(envelope, state, code, code is null || EndsPairing(code)),

            // 1.8 says so whenever it loads an instance, paired or not.
            "created" => envelope.Ignored("the gateway's own news"),
            _ => Change(EventKinds.ConnectionUnknown, envelope, state),
        };
    }

    /// <summary><c>logout.instance</c>; its data is null.</summary>
    public static ChannelEvent ReadLogout(EvolutionEnvelope envelope) => Closed(envelope, "logout", null, needsPairing: true);

    /// <summary><c>remove.instance</c>: perhaps the gateway's own clean-up of unpaired instances; there is no other sign of it.</summary>
    public static ChannelEvent ReadRemoved(EvolutionEnvelope envelope) =>
        new() { Kind = EventKinds.AccountRemoved, Action = EventAction.UpdateConnection, Account = envelope.Account };

    /// <summary><c>qrcode.updated</c>: a code to show, or the news that there will be no more.</summary>
    public static ChannelEvent ReadQr(EvolutionEnvelope envelope)
    {
        var qr = envelope.Data.Member("qrcode") is { ValueKind: JsonValueKind.Object } inner ? inner : envelope.Data;
        var (code, image) = (qr.Filled("code"), qr.Filled("base64"));
        if (code is null && image is null)
        {
            return qr.Member("statusCode").IsNothing()
                ? envelope.Ignored("no code in it")
                : Change(EventKinds.ConnectionQrExpired, envelope, null) with { Reason = "no code was scanned in time" };
        }

        return Change(EventKinds.ConnectionQr, envelope, null) with
        {
            QrRaw = code,
            QrImage = image is null || image.StartsWith(DataUrlPrefix, StringComparison.Ordinal) ? image : $"data:image/png;base64,{image}",
            PairingCode = qr.Filled("pairingCode"),
        };
    }

    private static ChannelEvent Opened(JsonElement data, EvolutionEnvelope envelope)
    {
        var opened = Change(EventKinds.ConnectionOpen, envelope, "open");
        var details = opened.Details;
        if ((WhatsAppJid.Parse(data.Text("wuid")) ?? envelope.Own) is { } own)
        {
            details = details.Add("own_jid", own.ToString());
        }

        if (data.Filled("profileName") is { } name)
        {
            details = details.Add("own_name", name);
        }

        return opened with { Details = details };
    }

    private static ChannelEvent Closed(EvolutionEnvelope envelope, string state, long? code, bool needsPairing) =>
        Change(EventKinds.ConnectionClosed, envelope, state) with
        {
            ReasonCode = code is >= int.MinValue and <= int.MaxValue ? (int)code : null,
            NeedsPairing = needsPairing,
        };

    private static ChannelEvent Change(string kind, EvolutionEnvelope envelope, string? state) =>
        new() { Kind = kind, Action = EventAction.UpdateConnection, Account = envelope.Account, State = state };
}
