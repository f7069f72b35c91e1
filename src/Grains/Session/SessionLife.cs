using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Session;

/// <summary>Decides how a session stands after what its gateway said, and when it must be looked after. Knows nothing of grains, storage or the network.</summary>
/// <remarks>
/// Webhooks come late, twice and out of order, and a gateway says "open" of connections that are gone. Therefore a sign that changes a session
/// is checked by a question soon after it, and the answer to a question counts more than any sign.
/// </remarks>
internal sealed class SessionLife(SessionOptions options, Random random)
{
    private const string Scan = "Scan the QR code with WhatsApp on the phone (Linked devices).";
    private const string PairAgain = "Start pairing again for a new code.";

    /// <summary>No wait is longer than this many times what the options say.</summary>
    public const double MostJitter = 1.25;

    /// <summary>Gateways are asked so often before they are told to restart a connection.</summary>
    private const int AskedBeforeTold = 3;

    /// <summary>The session of an account that none was kept of.</summary>
    public SessionState First(AccountStatus account, DateTimeOffset now) => account switch
    {
        AccountStatus.Active => Blank(SessionStatus.Working, now) with { Wanted = true, DueAt = now + Jittered(options.HealthEvery) },
        AccountStatus.Inactive => SwitchedOff(Blank(SessionStatus.Stopped, now), now),
        _ => Blank(SessionStatus.Stopped, now),
    };

    /// <summary>Its owner switched the channel off.</summary>
    public static SessionState SwitchedOff(SessionState session, DateTimeOffset now) =>
        To(session, SessionStatus.Stopped, now) with { Code = SessionWords.SwitchedOff, NextStep = "Activate the channel to send again.", Wanted = false };

    /// <summary>Whether its owner switched the channel off: then nothing a gateway says changes it.</summary>
    public static bool IsOff(SessionState session) => session is { Status: SessionStatus.Stopped, Code: SessionWords.SwitchedOff };

    /// <summary>Whether its gateway refused what it was last told. That stays true until it works, waits for a phone or takes what it is told again: that the gateway answers says nothing new.</summary>
    public static bool IsRefused(SessionState session) => session is
    {
        Status: SessionStatus.Failed, Wanted: true, Code: not (SessionWords.Unreachable or SessionWords.ActionRequired or SessionWords.PairingExpired),
    };

    /// <summary>
    /// Whether its gateway has yet to be told where to post before an open connection counts as one that works: a gateway may be connected, and know nothing of us.
    /// One that was connected through us and comes back by itself knows.
    /// </summary>
    public static bool IsUntold(SessionState session) => session switch
    {
        { Status: SessionStatus.Starting } => session.Code == SessionWords.Starting,
        { Status: SessionStatus.Working } => session.Code == SessionWords.Unconfirmed,
        { Status: SessionStatus.ScanQrCode } => !IsDoubtful(session),
        _ => session is { Status: SessionStatus.Failed, Wanted: true },
    };

    /// <summary>A person asked for it: the gateway is about to be told to connect. The one thing that switches a channel on again.</summary>
    public SessionState Asked(SessionState session, DateTimeOffset now) => session switch
    {
        // It goes on working meanwhile; what it was told before, the webhook's secret above all, may have changed.
        { Status: SessionStatus.Working, Code: null } => session with
        {
            Code = SessionWords.Unconfirmed, NextStep = "Wait a moment; the gateway is being told.", DueAt = Sooner(session.DueAt, now + options.SettleWait),
        },
        { Status: SessionStatus.Working or SessionStatus.ScanQrCode } => session,
        _ => Started(session, now) with { Wanted = true, OwnId = session.DroppedAt is null ? null : session.OwnId, DueAt = now + options.SettleWait },
    };

    /// <summary>The channel's settings changed: it may be another gateway now, which has to be told where to post before its open connection counts. It is asked at once.</summary>
    public SessionState Changed(SessionState session, DateTimeOffset now) => (session switch
    {
        { Status: SessionStatus.Working, Code: null } => Asked(session, now),
        { Status: SessionStatus.Starting, Code: SessionWords.Reconnecting } => Started(session, now),
        _ => session,
    }) with { DueAt = now };

    /// <summary>After a webhook.</summary>
    public SessionState After(SessionState session, SessionSign sign, SessionOwner owner, DateTimeOffset now) => sign.Kind switch
    {
        _ when IsOff(session) => session,

        // It may be about what the gateway was told before, or come from the gateway before: asked, it says how it stands, and is told.
        _ when IsToldAnew(session) && (sign.NeedsPairing || sign.Kind is EventKinds.ConnectionOpen or EventKinds.ConnectionQrExpired or EventKinds.AccountRemoved) => CheckSoon(session, now),

        // One that nobody wants may be late news of a pairing that has ended.
        EventKinds.ConnectionOpen => IsEnded(session) ? CheckSoon(session, now)
            : session.Status == SessionStatus.Working ? Opened(session, sign.OwnId, owner, now)
            : Opened(session, sign.OwnId, owner, now) with { DueAt = now + Jittered(options.CheckAfterSign) },
        EventKinds.ConnectionConnecting => Connecting(session, now),

        // Some gateways begin a new pairing by themselves when the old one is ended. Nobody asked for it, and it is stopped there as well.
        EventKinds.ConnectionQr or EventKinds.ConnectionQrNeeded => session is { Status: SessionStatus.Stopped, Code: SessionWords.LoggedOut } ? session
            : session.Status == SessionStatus.Working && IsToldAnew(session) ? CheckSoon(session, now)
            : session.Status == SessionStatus.Working || IsDoubtful(session) ? Doubted(session, now)
            : CodeOut(session, now),
        EventKinds.ConnectionQrExpired => session.Status switch
        {
            SessionStatus.Working => CheckSoon(Expired(session, now), now),

            // The codes of an earlier pairing count as well: their limit may be reached before the first code of this one.
            SessionStatus.Starting => CheckSoon(session, now),
            _ => Expired(session, now),
        },
        EventKinds.ConnectionClosed or EventKinds.ConnectionStopped => sign.NeedsPairing ? Ended(session, sign.Reason, now) : Dropped(session, now),
        EventKinds.AccountRemoved => IsNew(session) ? CheckSoon(session, now) : Removed(session, now) with { DueAt = now + Jittered(options.CheckAfterSign) },
        EventKinds.AccountError or EventKinds.ConnectionActionRequired => To(session, SessionStatus.Failed, now) with
        {
            Code = SessionWords.ActionRequired, Reason = Sentence("The provider reports a problem with the account", sign.Reason), NextStep = "Look at the account at the provider.",
            DueAt = now + Jittered(options.PairingCheck),
        },
        _ => session,
    };

    /// <summary>After the gateway was asked.</summary>
    public SessionState After(SessionState session, SessionReading reading, SessionOwner owner, DateTimeOffset now) => reading switch
    {
        _ when IsOff(session) => session,

        // Not believed before it was told: see OrderAfter.
        SessionReading.Open when IsUntold(session) => Later(session.Status == SessionStatus.ScanQrCode ? Started(session, now) with { Wanted = true } : session, now),
        SessionReading.Open open => Opened(session, open.OwnId, owner, now),
        SessionReading.Connecting { IsPaired: false } => CodeIsOut(session, now),
        SessionReading.Closed { IsPaired: false } => FoundUnpaired(session, now),
        SessionReading.Closed when session.Status == SessionStatus.ScanQrCode && !IsDoubtful(session) => Expired(session, now),
        SessionReading.Connecting or SessionReading.Closed => StillAway(session, now),
        SessionReading.Missing => IsYetToBeMade(session) ? Later(session, now)
            : session.Status == SessionStatus.Stopped ? session with { Wanted = false, DueAt = null }
            : Removed(session, now),
        SessionReading.Refused or SessionReading.Unreachable => Later(session, now),
        _ => throw new InvalidOperationException($"A reading nobody knows: {reading.GetType().Name}"),
    };

    /// <summary>After the gateway was told to connect or to restart.</summary>
    public SessionState After(SessionState session, ActivationOutcome outcome, SessionOwner owner, DateTimeOffset now) => outcome switch
    {
        // Switched off while the gateway wrote its answer.
        _ when IsOff(session) => session,
        ActivationOutcome.Active active => Opened(session, active.OwnId, owner, now),
        ActivationOutcome.Connecting { Code: { IsEmpty: false } } => CodeOut(session, now),
        ActivationOutcome.Connecting when session.Status == SessionStatus.Working => Dropped(session, now),
        ActivationOutcome.Connecting when session.Status == SessionStatus.ScanQrCode => CheckSoon(session, now),
        ActivationOutcome.Connecting when session is { Status: SessionStatus.Starting, DroppedAt: not null } => Later(session, now),
        ActivationOutcome.Connecting connecting => Started(session, now) with { NextStep = connecting.NextStep, DueAt = now + Jittered(options.CheckAfterSign) },
        ActivationOutcome.Refused refused => Later(To(session, SessionStatus.Failed, now) with
        {
            Code = refused.Code, Reason = refused.Reason, NextStep = StepAfter(refused), Attempts = session.Attempts, GatewayFault = refused.GatewayFault,
        }, now),

        // A gateway that is silent says nothing about a session that stands.
        ActivationOutcome.Unreachable unheard when session is { Status: SessionStatus.Working, Code: SessionWords.Unconfirmed } => Later(session with
        {
            Reason = Sentence("The gateway has not confirmed where to post this channel's messages", unheard.Reason),
            NextStep = "Check the address and that the gateway runs; it is tried again by itself.",
        }, now),
        ActivationOutcome.Unreachable when session.Status is SessionStatus.Working or SessionStatus.ScanQrCode => Later(session, now),
        ActivationOutcome.Unreachable unreachable => Later(To(session, SessionStatus.Failed, now) with
        {
            Code = SessionWords.Unreachable, Reason = unreachable.Reason, NextStep = "Check the address and that the gateway runs; it is tried again by itself.",
            Attempts = session.Attempts,
        }, now),
        _ => throw new InvalidOperationException($"An outcome nobody knows: {outcome.GetType().Name}"),
    };

    /// <summary>The owner ended the pairing. What is switched off stays so.</summary>
    public static SessionState LoggedOut(SessionState session, bool removed, DateTimeOffset now) => IsOff(session) ? session with { OwnId = null }
        : removed ? Removed(session, now)
        : To(session, SessionStatus.Stopped, now) with
        {
            Code = SessionWords.LoggedOut, Reason = "The account was logged out here.", NextStep = PairAgain, Wanted = false, OwnId = null,
        };

    /// <summary>What the gateway must be told, now that it said how the session stands.</summary>
    /// <param name="session">As it stood before.</param>
    /// <param name="reading">What it said.</param>
    /// <param name="triedAt">When its gateway was last seen to try by itself. One that does is left alone.</param>
    /// <param name="now">The moment.</param>
    public SessionOrder OrderAfter(SessionState session, SessionReading reading, DateTimeOffset triedAt, DateTimeOffset now) => reading switch
    {
        _ when IsOff(session) => SessionOrder.None,
        SessionReading.Open => IsUntold(session) ? SessionOrder.Pair : SessionOrder.None,
        _ when !session.Wanted => SessionOrder.None,
        SessionReading.Missing when IsYetToBeMade(session) => SessionOrder.Pair,
        SessionReading.Closed { IsPaired: false } when session is { OwnId: null, Status: SessionStatus.Starting or SessionStatus.Failed } => SessionOrder.Pair,
        SessionReading.Connecting { IsPaired: not false } or SessionReading.Closed { IsPaired: not false }
            when session.Status is SessionStatus.Starting or SessionStatus.Failed && session.Attempts >= AskedBeforeTold
                 && IsPast(session.DroppedAt ?? session.Since, options.LeaveAlone, now) && IsIdle(triedAt, now) => SessionOrder.Restart,
        _ => SessionOrder.None,
    };

    /// <summary>Whether a gateway that was last seen to try at this moment does so no more.</summary>
    public bool IsIdle(DateTimeOffset triedAt, DateTimeOffset now) => IsPast(triedAt, options.LeaveAlone, now);

    /// <summary>Whether it must be looked after now: its time has come, or is so far ahead that a clock which has been set back since must have told it.</summary>
    public bool IsDue(SessionState session, DateTimeOffset now) => session.DueAt is { } due && (due <= now || due - now > options.FurthestLook);

    /// <summary>The account's status that follows; null where it stays as it is.</summary>
    public AccountStatusChange? StatusOf(SessionState session, TenantId tenant, DateTimeOffset now)
    {
        AccountStatus? status = session.Status switch
        {
            SessionStatus.Working => session.Code is null or SessionWords.Unconfirmed ? AccountStatus.Active : AccountStatus.Error,

            // A short break raises no alarm.
            SessionStatus.Starting when session.DroppedAt is { } dropped && !IsPast(dropped, options.Grace, now) => null,
            SessionStatus.Starting or SessionStatus.ScanQrCode => AccountStatus.Connecting,
            SessionStatus.Failed when session.Code == SessionWords.PairingExpired => AccountStatus.Disconnected,
            SessionStatus.Failed when session.GatewayFault => null,
            SessionStatus.Failed => AccountStatus.Error,
            SessionStatus.Stopped when IsOff(session) => AccountStatus.Inactive,
            SessionStatus.Stopped when session.Code is null => null,
            _ => AccountStatus.Disconnected,
        };

        // What is about to be confirmed is no news yet.
        var isQuiet = status == AccountStatus.Inactive || session is { Status: SessionStatus.Working, Code: SessionWords.Unconfirmed, Reason: null };
        return status is { } one ? new(tenant, one, isQuiet ? null : session.Code, session.Reason, isQuiet && one == AccountStatus.Active ? null : session.NextStep) : null;
    }

    // Asked for, and never seen at the gateway: nothing was taken away there.
    private static bool IsYetToBeMade(SessionState session) =>
        session is { Wanted: true, DroppedAt: null, OwnId: null, Status: SessionStatus.Starting or SessionStatus.Failed };

    private SessionState Opened(SessionState session, string? ownId, SessionOwner owner, DateTimeOffset now)
    {
        ownId ??= session.OwnId;
        var wrong = ownId is not null && !owner.Is(ownId);
        return To(session, SessionStatus.Working, now) with
        {
            Code = wrong ? SessionWords.WrongNumber : null,
            Reason = wrong ? $"The phone that was paired is {NumberOf(ownId!)}; this channel is for {owner.Identity}." : null,
            NextStep = wrong ? "Log this channel out and scan the code with the right phone, or correct the channel's identity." : null,
            Wanted = true,
            OwnId = ownId,
            DueAt = now + Jittered(options.HealthEvery),
        };
    }

    private SessionState Connecting(SessionState session, DateTimeOffset now) => session.Status switch
    {
        SessionStatus.Working => Dropped(session, now),
        SessionStatus.Starting or SessionStatus.ScanQrCode => session,
        _ when !session.Wanted => CheckSoon(session, now),

        // It may well be the echo of what it is told again and again, and refuses.
        _ when IsRefused(session) => session,
        _ => Started(session, now) with { DueAt = now + Jittered(options.SettleWait) },
    };

    // Gone for a moment, as far as anybody knows.
    private SessionState Dropped(SessionState session, DateTimeOffset now) => session.Status switch
    {
        SessionStatus.Working when IsUntold(session) => Started(session, now) with { Wanted = true, DroppedAt = now, DueAt = now + Jittered(options.CheckAfterSign) },
        SessionStatus.Working => To(session, SessionStatus.Starting, now) with
        {
            Code = SessionWords.Reconnecting, Reason = "The connection to WhatsApp broke off.", NextStep = "Wait; it is brought back by itself.",
            Wanted = true, DroppedAt = now, DueAt = now + Jittered(options.CheckAfterSign),
        },
        SessionStatus.Starting or SessionStatus.ScanQrCode => CheckSoon(session, now),
        _ => session,
    };

    // Reconnecting by itself, as far as anybody knows.
    private SessionState StillAway(SessionState session, DateTimeOffset now) => session.Status switch
    {
        SessionStatus.Working => Dropped(session, now) with { DueAt = now + Jittered(options.SettleWait) },
        SessionStatus.Starting => AskedAgain(session, now),
        SessionStatus.ScanQrCode when !IsDoubtful(session) => session with { DueAt = now + Jittered(options.PairingCheck) },
        _ when IsRefused(session) => AskedAgain(session, now),
        _ when session.Wanted => Started(session, now) with { DueAt = now + Jittered(options.SettleWait) },
        _ => session with { DueAt = null },
    };

    private SessionState AskedAgain(SessionState session, DateTimeOffset now) => session.Attempts < AskedBeforeTold
        ? session with { Attempts = session.Attempts + 1, DueAt = now + Jittered(options.SettleWait) }
        : UntilRestarted(session, now);

    // Ever more rarely, but not past the moment from which it is restarted.
    private SessionState UntilRestarted(SessionState session, DateTimeOffset now)
    {
        var (later, restarted) = (Later(session, now), (session.DroppedAt ?? session.Since) + Jittered(options.LeaveAlone));
        return now < restarted && restarted < later.DueAt ? later with { DueAt = restarted } : later;
    }

    // A pairing that has ended, or one that was never made: the gateway waits for a phone.
    private SessionState CodeIsOut(SessionState session, DateTimeOffset now) => session.Status switch
    {
        SessionStatus.ScanQrCode when !IsDoubtful(session) => session with { DueAt = now + Jittered(options.PairingCheck) },
        SessionStatus.Stopped or SessionStatus.Unauthorized => session with { DueAt = null },
        SessionStatus.Failed when !session.Wanted => session with { DueAt = null },
        _ => CodeOut(session, now),
    };

    private SessionState FoundUnpaired(SessionState session, DateTimeOffset now) => session.Status switch
    {
        SessionStatus.ScanQrCode when !IsDoubtful(session) => Expired(session, now),
        SessionStatus.Starting or SessionStatus.Failed when session is { Wanted: true, OwnId: null } => Later(session, now),
        SessionStatus.Stopped or SessionStatus.Unauthorized or SessionStatus.Failed => session with { Wanted = false, DueAt = null },
        _ => Unpaired(session, null, now) with { DueAt = null },
    };

    private SessionState CodeOut(SessionState session, DateTimeOffset now) => To(session, SessionStatus.ScanQrCode, now) with
    {
        // Only a person can go on from here.
        Code = SessionWords.NeedsPairing, Reason = "The provider waits for the account to be paired.", NextStep = Scan, Wanted = false, OwnId = null,
        DueAt = now + Jittered(options.PairingCheck),
    };

    // A code for a session that works: a late one of an earlier pairing, or the news that this one is gone. The gateway is asked soon, and told to
    // connect where it says neither: then it gives a code of which there is no doubt.
    private SessionState Doubted(SessionState session, DateTimeOffset now) => CheckSoon(CodeOut(session, now) with { OwnId = session.OwnId, Wanted = true }, now);

    // Somebody has just asked for a pairing: what its gateway says may still be about the one before.
    private static bool IsNew(SessionState session) =>
        session is { Status: SessionStatus.ScanQrCode, Wanted: false } or { Status: SessionStatus.Starting, DroppedAt: null };

    private static bool IsEnded(SessionState session) =>
        session is { Wanted: false, Status: SessionStatus.Stopped or SessionStatus.Unauthorized or SessionStatus.Failed };

    // It worked, and is to be told anew: where to post, or with which secret, has changed since.
    private static bool IsToldAnew(SessionState session) =>
        session is { Status: SessionStatus.Working, Code: SessionWords.Unconfirmed } or { Status: SessionStatus.Starting, Code: SessionWords.Starting, DroppedAt: not null };

    private static bool IsDoubtful(SessionState session) => session is { Status: SessionStatus.ScanQrCode, Wanted: true };

    private static SessionState Expired(SessionState session, DateTimeOffset now) => To(session, SessionStatus.Failed, now) with
    {
        Code = SessionWords.PairingExpired, Reason = "Nobody scanned the pairing code in time.", NextStep = PairAgain, Wanted = false, OwnId = null,
    };

    private SessionState Ended(SessionState session, string? reason, DateTimeOffset now) => session switch
    {
        // Codes that nobody scanned end with the same words as a pairing, and these words may be late: about the pairing before.
        _ when IsNew(session) => CheckSoon(session, now),
        { Code: SessionWords.PairingExpired } or { Status: SessionStatus.Stopped } => session,
        _ => Unpaired(session, reason, now) with { DueAt = session.Status == SessionStatus.Unauthorized ? session.DueAt : now + Jittered(options.CheckAfterSign) },
    };

    private static SessionState Unpaired(SessionState session, string? reason, DateTimeOffset now) => To(session, SessionStatus.Unauthorized, now) with
    {
        Code = SessionWords.LoggedOut, Reason = Sentence("The phone or WhatsApp ended the pairing", reason), NextStep = "Pair the account again.", Wanted = false,
    };

    private static SessionState Removed(SessionState session, DateTimeOffset now) => To(session, SessionStatus.Stopped, now) with
    {
        Code = SessionWords.Removed, Reason = "The account was removed at the gateway.", NextStep = "Start pairing to create it anew.", Wanted = false, OwnId = null,
    };

    private static SessionState Started(SessionState session, DateTimeOffset now) => To(session, SessionStatus.Starting, now) with
    {
        Code = SessionWords.Starting, Reason = "The gateway is connecting to WhatsApp.", NextStep = "Wait a moment for a code or the connection.",
        Attempts = session.Status == SessionStatus.Starting ? session.Attempts : 0,
    };

    /// <summary>Something does not fit: the gateway is asked soon.</summary>
    public SessionState CheckSoon(SessionState session, DateTimeOffset now) => session with { DueAt = Sooner(session.DueAt, now + Jittered(options.CheckAfterSign)) };

    private static DateTimeOffset Sooner(DateTimeOffset? due, DateTimeOffset moment) => due < moment ? due.Value : moment;

    // Doubling, with jitter: accounts that fell together must not come back together. What was to be confirmed stays so.
    private SessionState Later(SessionState session, DateTimeOffset now)
    {
        var wait = TimeSpan.FromSeconds(Math.Min(options.LongestRetry.TotalSeconds, options.FirstRetry.TotalSeconds * Math.Pow(2, Math.Min(session.Attempts, 16))));
        return session with { Attempts = session.Attempts + 1, DueAt = session.Wanted || session.DueAt is not null || session.Status == SessionStatus.ScanQrCode ? now + Jittered(wait) : null };
    }

    private static SessionState To(SessionState session, SessionStatus status, DateTimeOffset now) => session with
    {
        Status = status, Since = session.Status == status ? session.Since : now, Code = null, Reason = null, NextStep = null, Attempts = 0,
        DroppedAt = status == SessionStatus.Starting ? session.DroppedAt : null, DueAt = null, GatewayFault = false,
    };

    private static SessionState Blank(SessionStatus status, DateTimeOffset now) => new(status, now, null, null, null, false, null, 0, null, null);

    private static string StepAfter(ActivationOutcome.Refused refused) => refused switch
    {
        { NextStep: { } step } => step,
        { GatewayFault: true } => "Mend the gateway; it is tried again by itself.",
        { Field: { } field } => $"Correct '{field}' and activate again.",
        _ => "Mend what the provider complains about and activate again.",
    };

    private static string Sentence(string what, string? reason) => reason is null ? $"{what}." : $"{what}: {reason}.";

    private static string NumberOf(string ownId) => ownId.Split('@')[0];

    private TimeSpan Jittered(TimeSpan wait) => wait * (1 + (random.NextDouble() * (MostJitter - 1)));

    // Also where it is still to come by more than the wait: then the clock was set back since, and nobody shall wait until that time comes again.
    private static bool IsPast(DateTimeOffset since, TimeSpan wait, DateTimeOffset now) => (now - since).Duration() >= wait;
}
