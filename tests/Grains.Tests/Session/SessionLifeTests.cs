using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Grains.Session;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Tests.Session;

public sealed class SessionLifeTests
{
    private const string Own = "5491150000001@s.whatsapp.net";
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TenantId Tenant = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private readonly SessionOptions _options = new();
    private readonly SessionLife _life;
    private readonly SessionOwner _owner = new("5491150000001", ownId => ownId == Own);

    public SessionLifeTests() => _life = new SessionLife(_options, new Random(7));

    private SessionState Working => _life.After(_life.First(AccountStatus.Pending, Noon), Sign(EventKinds.ConnectionOpen, own: Own), _owner, Noon);

    private SessionState Scanning => _life.After(_life.First(AccountStatus.Pending, Noon), Sign(EventKinds.ConnectionQr), _owner, Noon);

    [Fact]
    public void A_session_nobody_kept_follows_from_the_accounts_status()
    {
        Assert.Equal((SessionStatus.Working, true), Of(_life.First(AccountStatus.Active, Noon)));
        Assert.Equal((SessionStatus.Stopped, false), Of(_life.First(AccountStatus.Pending, Noon)));
        Assert.True(SessionLife.IsOff(_life.First(AccountStatus.Inactive, Noon)));

        static (SessionStatus, bool) Of(SessionState session) => (session.Status, session.Wanted);
    }

    [Fact]
    public void A_pending_account_that_was_never_asked_for_stays_pending() => Assert.Null(StatusOf(_life.First(AccountStatus.Pending, Noon), Noon));

    [Fact]
    public void A_short_break_changes_no_status_and_a_long_one_does()
    {
        var broken = _life.After(Working, Sign(EventKinds.ConnectionConnecting), _owner, Noon);

        Assert.Equal(SessionStatus.Starting, broken.Status);
        Assert.Null(StatusOf(broken, Noon + _options.Grace - TimeSpan.FromTicks(1)));
        Assert.Equal(AccountStatus.Connecting, StatusOf(broken, Noon + _options.Grace)?.Status);
        Assert.Equal(AccountStatus.Active, StatusOf(_life.After(broken, Sign(EventKinds.ConnectionOpen, own: Own), _owner, Noon), Noon)?.Status);
    }

    [Fact]
    public void Every_sign_that_ends_a_working_session_is_checked_soon()
    {
        foreach (var sign in new[]
        {
            Sign(EventKinds.ConnectionConnecting), Sign(EventKinds.ConnectionClosed), Sign(EventKinds.ConnectionClosed, needsPairing: true), Sign(EventKinds.AccountRemoved),
            Sign(EventKinds.ConnectionQr),
        })
        {
            var after = _life.After(Working, sign, _owner, Noon);

            Assert.True(after.DueAt <= Noon + (_options.CheckAfterSign * 1.25), $"{sign.Kind}: due at {after.DueAt}");
        }
    }

    [Fact]
    public void A_late_code_of_an_earlier_pairing_does_not_cost_a_working_one()
    {
        var doubtful = _life.After(Working, Sign(EventKinds.ConnectionQr), _owner, Noon);

        Assert.Equal(SessionStatus.ScanQrCode, doubtful.Status);
        Assert.True(SessionLife.MustConnect(doubtful, new SessionReading.Closed()));
        Assert.True(_life.After(doubtful, new SessionReading.Closed(), _owner, Noon) is { Wanted: true, DueAt: not null });
        Assert.True(_life.After(doubtful, new SessionReading.Connecting(), _owner, Noon) is { Wanted: true, Status: SessionStatus.Starting });
        Assert.Equal(SessionStatus.Working, _life.After(doubtful, new SessionReading.Open(null), _owner, Noon).Status);

        // Told to connect, the gateway gives a code: now it is certain.
        var certain = _life.After(doubtful, new ActivationOutcome.Connecting("scan", new PairingCode("2@x", null, null)), _owner, Noon);
        Assert.False(SessionLife.MustConnect(certain, new SessionReading.Closed()));
    }

    [Fact]
    public void Codes_that_ran_out_are_not_taken_for_a_log_out()
    {
        var expired = _life.After(Scanning, Sign(EventKinds.ConnectionQrExpired), _owner, Noon);
        var refused = _life.After(expired, Sign(EventKinds.ConnectionClosed, needsPairing: true), _owner, Noon);

        Assert.Equal("pairing-expired", expired.Code);
        Assert.Equal("pairing-expired", refused.Code);
        Assert.Equal("pairing-expired", _life.After(Scanning, Sign(EventKinds.ConnectionClosed, needsPairing: true), _owner, Noon).Code);
        Assert.Null(refused.DueAt);
    }

    [Fact]
    public void What_its_owner_switched_off_follows_no_sign()
    {
        var off = SessionLife.SwitchedOff(Working, Noon);

        Assert.Same(off, _life.After(off, Sign(EventKinds.ConnectionOpen, own: Own), _owner, Noon));
        Assert.Null(StatusOf(off, Noon));
        Assert.Null(off.DueAt);
    }

    [Fact]
    public void The_wrong_phone_is_connected_but_not_active()
    {
        var wrong = _life.After(Scanning, Sign(EventKinds.ConnectionOpen, own: "4915112345678@s.whatsapp.net"), _owner, Noon);

        Assert.Equal((SessionStatus.Working, "wrong-number"), (wrong.Status, wrong.Code));
        Assert.Equal(AccountStatus.Error, StatusOf(wrong, Noon)?.Status);
    }

    [Fact]
    public void A_gateway_without_licence_leaves_the_accounts_status_alone_and_is_tried_again()
    {
        var refused = _life.After(_life.Asked(Scanning with { Status = SessionStatus.Stopped }, Noon), new ActivationOutcome.Refused("license-required", "…", GatewayFault: true), _owner, Noon);

        Assert.Equal(SessionStatus.Failed, refused.Status);
        Assert.Null(StatusOf(refused, Noon));
        Assert.NotNull(refused.DueAt);
    }

    [Fact]
    public void Attempts_grow_apart_up_to_the_longest_wait()
    {
        var session = Working;
        var last = TimeSpan.Zero;
        for (var attempt = 0; attempt < 12; attempt++)
        {
            session = _life.After(session, new SessionReading.Unreachable("away"), _owner, Noon);
            var wait = session.DueAt!.Value - Noon;

            Assert.Equal(attempt + 1, session.Attempts);
            Assert.InRange(wait, _options.FirstRetry < last / 2 ? last / 2 : _options.FirstRetry, _options.LongestRetry * 1.25);
            last = wait;
        }

        Assert.Equal(SessionStatus.Working, session.Status);
        Assert.Equal(0, _life.After(session, new SessionReading.Open(null), _owner, Noon).Attempts);
    }

    [Fact]
    public void A_closed_connection_is_told_to_connect_only_where_it_is_wanted()
    {
        Assert.True(SessionLife.MustConnect(Working, new SessionReading.Closed()));
        Assert.False(SessionLife.MustConnect(Scanning, new SessionReading.Closed()));
        Assert.False(SessionLife.MustConnect(SessionLife.LoggedOut(Working, removed: false, Noon), new SessionReading.Closed()));
        Assert.False(SessionLife.MustConnect(Working, new SessionReading.Missing()));
    }

    [Fact]
    public void One_that_says_connecting_for_long_is_told_to_connect()
    {
        var session = _life.After(Working, Sign(EventKinds.ConnectionConnecting), _owner, Noon);
        var asked = 0;
        while (!SessionLife.MustConnect(session, new SessionReading.Connecting()))
        {
            session = _life.After(session, new SessionReading.Connecting(), _owner, Noon);
            Assert.True(++asked < 10, "It is never told.");
        }

        Assert.Equal(3, asked);
    }

    [Fact]
    public void An_instance_that_was_never_made_is_made_and_one_that_was_taken_away_is_not()
    {
        var asked = _life.After(_life.Asked(_life.First(AccountStatus.Pending, Noon), Noon), new ActivationOutcome.Unreachable("away"), _owner, Noon);
        var broken = _life.After(Working, Sign(EventKinds.ConnectionClosed), _owner, Noon);

        Assert.True(SessionLife.MustConnect(asked, new SessionReading.Missing()));
        Assert.False(SessionLife.MustConnect(broken, new SessionReading.Missing()));
        Assert.Equal("removed", _life.After(broken, new SessionReading.Missing(), _owner, Noon).Code);
    }

    [Fact]
    public void Whatever_is_said_in_whatever_order_a_session_that_is_wanted_or_scanned_is_looked_after()
    {
        var random = new Random(20260101);
        var session = _life.First(AccountStatus.Pending, Noon);
        for (var step = 0; step < 20_000; step++)
        {
            var before = session;
            var (what, after) = Step(session, random);
            session = after;

            if (session.Status is SessionStatus.Working or SessionStatus.Starting or SessionStatus.ScanQrCode || session.Wanted)
            {
                Assert.True(session.DueAt is not null, $"Nobody looks after {session} any more, after {what} on {before}");
            }

            Assert.True(session.Status is SessionStatus.Working or SessionStatus.Stopped || session.NextStep is not null, $"{session} does not say what to do, after {what}");
            Assert.True(session.Attempts >= 0 && session.Since <= Noon);
        }
    }

    private (string What, SessionState After) Step(SessionState session, Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                var kinds = new[]
                {
                    EventKinds.ConnectionOpen, EventKinds.ConnectionConnecting, EventKinds.ConnectionClosed, EventKinds.ConnectionStopped, EventKinds.ConnectionQr,
                    EventKinds.ConnectionQrNeeded, EventKinds.ConnectionQrExpired, EventKinds.ConnectionActionRequired, EventKinds.ConnectionUnknown, EventKinds.AccountRemoved,
                    EventKinds.AccountError, EventKinds.Presence,
                };
                var sign = Sign(kinds[random.Next(kinds.Length)], random.Next(2) == 0 ? Own : null, random.Next(2) == 0);
                return ($"{sign}", _life.After(session, sign, _owner, Noon));
            case 1:
                SessionReading[] readings =
                [
                    new SessionReading.Open(null), new SessionReading.Connecting(), new SessionReading.Closed(), new SessionReading.Missing(),
                    new SessionReading.Refused("unauthorized", "no"), new SessionReading.Unreachable("away"),
                ];
                var reading = readings[random.Next(readings.Length)];
                return ($"{reading}", _life.After(session, reading, _owner, Noon));
            case 2:
                ActivationOutcome[] outcomes =
                [
                    new ActivationOutcome.Active(Own), new ActivationOutcome.Connecting("wait"), new ActivationOutcome.Connecting("scan", new PairingCode("2@x", null, null)),
                    new ActivationOutcome.Refused("unauthorized", "no", "api_key"), new ActivationOutcome.Refused("license-required", "no", GatewayFault: true),
                    new ActivationOutcome.Unreachable("away"),
                ];
                var outcome = outcomes[random.Next(outcomes.Length)];
                return ($"asked, {outcome.GetType().Name}", _life.After(_life.Asked(session, Noon), outcome, _owner, Noon));
            default:
                return random.Next(10) switch
                {
                    0 => ("switched off", SessionLife.SwitchedOff(session, Noon)),
                    1 => ("logged out", SessionLife.LoggedOut(session, removed: false, Noon)),
                    2 => ("removed", SessionLife.LoggedOut(session, removed: true, Noon)),
                    _ => ("nothing", session),
                };
        }
    }

    private AccountStatusChange? StatusOf(SessionState session, DateTimeOffset now) => _life.StatusOf(session, Tenant, now);

    private static SessionSign Sign(string kind, string? own = null, bool needsPairing = false) => new(kind, Noon, own, needsPairing, null, null);
}
