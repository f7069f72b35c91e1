using Channels.Core.Channels;
using Channels.Grains.Abstractions;

namespace Channels.Api.Pairing;

/// <summary>What a pairing may be asked for.</summary>
internal sealed record StartPairing
{
    /// <summary>The phone's number with its country code, for a code to type instead of scanning. Absent: a code to scan only; pairing with a typed code breaks off with the first lost connection.</summary>
    public string? PhoneNumber { get; init; }
}

/// <summary>How a channel's pairing stands.</summary>
/// <param name="ChannelId">The channel.</param>
/// <param name="Status">The channel's status.</param>
/// <param name="QrCode">The code to scan, as a data URL; null when there is none to scan.</param>
/// <param name="QrCodeRaw">The same as the text a QR code is drawn from.</param>
/// <param name="QrCodeExpiresAt">Until when both work. Whoever goes on asking gets the next one.</param>
/// <param name="PairingCode">Eight characters to type on the phone instead, where the phone's number was given.</param>
/// <param name="SessionStatus"><c>STARTING, SCAN_QR_CODE, WORKING, FAILED, STOPPED</c> or <c>UNAUTHORIZED</c>.</param>
/// <param name="Since">Since when the session stands so.</param>
/// <param name="ReasonCode">A word for what is wrong.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="NextStep">What to do; null when nothing needs doing.</param>
/// <param name="ConnectedAs">Who is paired, in the provider's form.</param>
internal sealed record PairingAnswer(
    Guid ChannelId, string Status, string? QrCode, string? QrCodeRaw, DateTimeOffset? QrCodeExpiresAt, string? PairingCode, string SessionStatus,
    DateTimeOffset Since, string? ReasonCode, string? Reason, string? NextStep, string? ConnectedAs)
{
    private const string Works = "Connected.";

    /// <summary>How it stands and what to do, in one line for people: <see cref="Reason"/> and <see cref="NextStep"/>.</summary>
    public string Message => string.Join(" ", new[] { Reason, NextStep }.Where(words => !string.IsNullOrEmpty(words))) is { Length: > 0 } words ? words
        : SessionStatus == "WORKING" ? Works
        : SessionStatus;

    public static PairingAnswer Of(Guid channel, PairingState state) => new(
        channel, state.Account.ToWord(), state.Code is { } code ? code.QrImage ?? QrPicture.Of(code.QrRaw) : null, state.Code?.QrRaw, state.CodeExpiresAt,
        state.Code?.Typed, state.Session.ToWord().ToUpperInvariant(), state.Since, state.ReasonCode, state.Reason, state.NextStep, state.OwnId);
}
