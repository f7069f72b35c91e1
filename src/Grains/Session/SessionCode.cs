using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Grains.Abstractions;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Session;

/// <summary>The code that is out for one session, and whether somebody watches it. In memory only: a code is as good as a password.</summary>
internal sealed class SessionCode(SessionOptions options, TimeProvider clock)
{
    /// <summary>A gateway asked for codes more often answers with the same one.</summary>
    private static readonly TimeSpan BetweenCodes = TimeSpan.FromSeconds(3);

    /// <summary>Clocks that differ, or are set, by less are let be.</summary>
    private static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(1);

    private readonly long _born = clock.GetTimestamp();
    private readonly DateTimeOffset _bornAt = clock.GetUtcNow();

    // How much the clock has been set back since; less than nothing where forward.
    private TimeSpan _setBack;
    private PairingCode? _used;
    private DateTimeOffset _askedAt;
    private DateTimeOffset _givenAt;
    private DateTimeOffset _replacedAt;
    private DateTimeOffset _watchedUntil;
    private DateTimeOffset _expiresAt;

    /// <summary>The last one that was given and not used, expired or not.</summary>
    public PairingCode? Last { get; private set; }

    /// <summary>Until when <see cref="Last"/> can be scanned.</summary>
    public DateTimeOffset ExpiresAt => _expiresAt - _setBack;

    // All moments kept here are of a clock that nobody sets: a code whose time is told by the wall clock would be out for as long as that is set back.
    private DateTimeOffset Now
    {
        get
        {
            var now = clock.GetUtcNow();
            var setBack = _bornAt + clock.GetElapsedTime(_born) - now;
            _setBack = (setBack - _setBack).Duration() > Tolerated ? setBack : _setBack;
            return now + _setBack;
        }
    }

    /// <summary>The one that can be scanned now, or null.</summary>
    public PairingCode? Current(SessionState session) => session.Status == SessionStatus.ScanQrCode && _expiresAt > Now && !IsReplaced ? Last : null;

    // A code that was fetched after the news is the one the news was about.
    private bool IsReplaced => Last is not null && _replacedAt > _givenAt;

    /// <summary>Takes a code, unless it was used or one that lasts longer is out.</summary>
    /// <param name="code">What the gateway gave.</param>
    /// <param name="since">When.</param>
    /// <param name="life">How long such codes last at the gateway.</param>
    public void Offer(PairingCode code, DateTimeOffset since, TimeSpan life)
    {
        var givenAt = Moment(since);
        var expiresAt = givenAt + (life < options.CodeLife ? life : options.CodeLife);
        if (code != _used && (Last is null || IsReplaced || expiresAt > _expiresAt))
        {
            (Last, _expiresAt, _givenAt) = (code, expiresAt, givenAt);
        }
    }

    // What is still to come was dated before the clock was set back, or by another machine's: it is now.
    private DateTimeOffset Moment(DateTimeOffset wall) => Now is var now && wall + _setBack < now ? wall + _setBack : now;

    /// <summary>A webhook came, which may bring a code, or the news that there is another one: then the last one works no more.</summary>
    /// <param name="sign">What it said.</param>
    /// <param name="status">How the session stands after it.</param>
    /// <param name="life">How long such codes last at the gateway.</param>
    public void Hear(SessionSign sign, SessionStatus status, TimeSpan life)
    {
        if (sign.Code is { } code && status == SessionStatus.ScanQrCode)
        {
            Offer(code, sign.At, life);
        }
        else if (sign.Kind == EventKinds.ConnectionQrNeeded && Moment(sign.At) is var replacedAt && replacedAt > _replacedAt)
        {
            _replacedAt = replacedAt;
        }
    }

    /// <summary>Whether this one has been used: a gateway may answer with a code long after it was scanned.</summary>
    public bool IsUsed(PairingCode code) => code == _used;

    /// <summary>The session waits for no phone any more.</summary>
    public void Forget() => (_used, Last) = (Last ?? _used, null);

    /// <summary>Somebody looked.</summary>
    public void Watch() => _watchedUntil = Now + options.WatchFor;

    /// <summary>The gateway is about to be asked for one.</summary>
    public void Ask() => _askedAt = Now;

    /// <summary>Whether somebody watches a session that has no code. Where the gateway's own next code comes by webhook, it does so at the moment the last one expires: it is waited for.</summary>
    public bool MustRenew(SessionState session) =>
        session is { Status: SessionStatus.ScanQrCode, Wanted: false } && _watchedUntil > Now
        && (Last is null || IsReplaced || _expiresAt + options.CheckAfterSign <= Now) && Now - _askedAt >= BetweenCodes;
}
