using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Session;

/// <summary>Makes an event of a connection into what a session's grain is told. Pure.</summary>
internal static class SessionSigns
{
    public static SessionSign Of(ChannelEvent happened, DateTimeOffset receivedAt) => new(
        happened.Kind, receivedAt, happened.Details.GetValueOrDefault("own_jid") as string, happened.NeedsPairing == true, ReasonOf(happened),
        PairingCode.Of(happened.QrRaw, happened.QrImage, happened.PairingCode));

    private static string? ReasonOf(ChannelEvent happened) => (happened.Reason, happened.ReasonCode) switch
    {
        (null, null) => null,
        (null, { } code) => $"code {code}",
        ({ } reason, null) => reason,
        ({ } reason, { } code) => $"{reason} (code {code})",
    };
}
