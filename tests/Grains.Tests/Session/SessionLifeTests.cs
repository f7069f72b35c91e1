using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Grains.Session;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Tests.Session;

public sealed partial class SessionLifeTests
{
    private const string Own = "5491150000001@s.whatsapp.net";
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Never = DateTimeOffset.MinValue;
    private static readonly TenantId Tenant = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private readonly SessionOptions _options = new();
    private readonly SessionLife _life;
    private readonly SessionOwner _owner = new("5491150000001", ownId => ownId == Own);

    public SessionLifeTests() => _life = new SessionLife(_options, new Random(7));

    private SessionState Working => _life.After(_life.First(AccountStatus.Pending, Noon), new SessionReading.Open(Own), _owner, Noon);

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

    [Theory]
    [InlineData(EventKinds.ConnectionQr)]
    [InlineData(EventKinds.ConnectionQrNeeded)]
    public void A_code_for_a_session_that_was_logged_out_here_changes_nothing(string kind)
    {
        var loggedOut = SessionLife.LoggedOut(Working, removed: false, Noon);

        Assert.Equal(loggedOut, _life.After(loggedOut, Sign(kind), _owner, Noon));
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

        Assert.Equal((SessionStatus.ScanQrCode, true), (doubtful.Status, doubtful.Wanted));
        Assert.Equal(SessionStatus.Working, _life.After(doubtful, new SessionReading.Open(null), _owner, Noon).Status);
        Assert.True(_life.After(doubtful, Paired, _owner, Noon) is { Wanted: true, Status: SessionStatus.Starting });
        Assert.True(_life.After(doubtful, Unpaired, _owner, Noon) is { Wanted: false, Status: SessionStatus.Unauthorized });
        Assert.True(_life.After(doubtful, CodeOut, _owner, Noon) is { Wanted: false, Status: SessionStatus.ScanQrCode });
    }

    [Fact]
    public void Codes_that_ran_out_are_not_taken_for_a_log_out()
    {
        var expired = _life.After(Scanning, Sign(EventKinds.ConnectionQrExpired), _owner, Noon);
        var refused = _life.After(expired, Sign(EventKinds.ConnectionClosed, needsPairing: true), _owner, Noon);

        Assert.Equal("pairing-expired", expired.Code);
        Assert.Equal("pairing-expired", refused.Code);
        Assert.Null(refused.DueAt);
        foreach (var closed in new[] { Unpaired, new SessionReading.Closed(null) })
        {
            Assert.Equal("pairing-expired", _life.After(Scanning, closed, _owner, Noon).Code);
        }
    }

    [Fact]
    public void Late_words_about_the_pairing_before_do_not_end_a_new_one()
    {
        var asked = _life.Asked(SessionLife.LoggedOut(Working, removed: false, Noon), Noon);
        foreach (var session in new[] { asked, Scanning })
        {
            foreach (var sign in new[] { Sign(EventKinds.ConnectionClosed, needsPairing: true), Sign(EventKinds.ConnectionStopped, needsPairing: true), Sign(EventKinds.AccountRemoved) })
            {
                var after = _life.After(session, sign, _owner, Noon);

                Assert.Equal(session.Status, after.Status);
                Assert.True(after.DueAt <= Noon + (_options.CheckAfterSign * 1.25));
            }
        }
    }

    [Fact]
    public void Late_words_that_codes_ran_out_do_not_cost_a_connection_that_works()
    {
        var after = _life.After(Working, Sign(EventKinds.ConnectionQrExpired), _owner, Noon);

        Assert.True(after.DueAt <= Noon + (_options.CheckAfterSign * 1.25));
        Assert.Equal(SessionStatus.Working, _life.After(after, new SessionReading.Open(Own), _owner, Noon).Status);
    }

    [Fact]
    public void A_pairing_whose_codes_ran_out_before_its_first_one_goes_on()
    {
        var asked = _life.Asked(SessionLife.LoggedOut(Working, removed: false, Noon), Noon);

        // The gateway counts the codes of earlier pairings too: it says so first, and then answers without a code.
        var signs = new[] { Sign(EventKinds.ConnectionConnecting), Sign(EventKinds.ConnectionQrExpired), Sign(EventKinds.ConnectionClosed, needsPairing: true) };
        var after = _life.After(signs.Aggregate(asked, (session, sign) => _life.After(session, sign, _owner, Noon)), new ActivationOutcome.Connecting("wait"), _owner, Noon);

        Assert.Equal((SessionStatus.Starting, true), (after.Status, after.Wanted));
        Assert.True(after.DueAt <= Noon + (_options.CheckAfterSign * 1.25));
        Assert.Equal(SessionOrder.Pair, _life.OrderAfter(after, Unpaired, Never, Noon));
        Assert.Equal((SessionStatus.Starting, true), _life.After(after, Unpaired, _owner, Noon) is { } asks ? (asks.Status, asks.Wanted) : default);
    }

    [Fact]
    public void A_late_word_that_an_ended_pairing_is_open_is_checked_before_it_is_believed()
    {
        foreach (var ended in new[] { SessionLife.LoggedOut(Working, removed: false, Noon), _life.After(Working, Sign(EventKinds.ConnectionClosed, needsPairing: true), _owner, Noon) })
        {
            var after = _life.After(ended, Sign(EventKinds.ConnectionOpen, own: Own), _owner, Noon);

            Assert.Equal((ended.Status, false), (after.Status, after.Wanted));
            Assert.True(after.DueAt <= Noon + (_options.CheckAfterSign * 1.25));
            Assert.Equal(SessionStatus.Working, _life.After(after, new SessionReading.Open(Own), _owner, Noon).Status);
        }
    }

    [Fact]
    public void A_late_word_that_an_ended_pairing_is_connecting_begins_none()
    {
        var after = _life.After(SessionLife.LoggedOut(Working, removed: false, Noon), Sign(EventKinds.ConnectionConnecting), _owner, Noon);

        Assert.Equal((SessionStatus.Stopped, false), (after.Status, after.Wanted));
        Assert.Equal(SessionOrder.None, _life.OrderAfter(after, Unpaired, Never, Noon));
    }

    [Fact]
    public void An_end_that_could_not_be_confirmed_is_asked_about_again()
    {
        foreach (var sign in new[] { Sign(EventKinds.ConnectionClosed, needsPairing: true), Sign(EventKinds.AccountRemoved) })
        {
            foreach (var silence in new SessionReading[] { new SessionReading.Unreachable("away"), new SessionReading.Refused("unauthorized", "no") })
            {
                var after = _life.After(_life.After(Working, sign, _owner, Noon), silence, _owner, Noon);

                Assert.True(after.DueAt > Noon, $"After {sign.Kind} and {silence.GetType().Name} nobody asks again.");
                Assert.Equal(SessionStatus.Working, _life.After(after, new SessionReading.Open(null), _owner, Noon).Status);
            }
        }
    }

    [Fact]
    public void A_gateway_that_is_silent_says_nothing_about_a_session_that_stands()
    {
        foreach (var session in new[] { Working, Scanning })
        {
            var after = _life.After(_life.Asked(session, Noon), new ActivationOutcome.Unreachable("away"), _owner, Noon);

            Assert.Equal((session.Status, session.Wanted), (after.Status, after.Wanted));
        }
    }

    [Fact]
    public void What_its_owner_switched_off_follows_no_sign()
    {
        var off = SessionLife.SwitchedOff(Working, Noon);

        Assert.Same(off, _life.After(off, Sign(EventKinds.ConnectionOpen, own: Own), _owner, Noon));
        Assert.Same(off, _life.After(off, new SessionReading.Open(Own), _owner, Noon));
        Assert.Same(off, _life.After(off, new ActivationOutcome.Active(Own), _owner, Noon));
        Assert.True(SessionLife.IsOff(SessionLife.LoggedOut(off, removed: false, Noon)) && SessionLife.IsOff(SessionLife.LoggedOut(off, removed: true, Noon)));
        Assert.Equal(AccountStatus.Inactive, StatusOf(off, Noon)?.Status);
        Assert.Null(off.DueAt);
        Assert.False(SessionLife.IsOff(_life.Asked(off, Noon)));
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
    public void Who_is_paired_is_learnt_from_the_answer_after_it_opened()
    {
        var opened = _life.After(Scanning, Sign(EventKinds.ConnectionOpen), _owner, Noon);

        Assert.True(opened.DueAt <= Noon + (_options.CheckAfterSign * 1.25));
        Assert.Equal("wrong-number", _life.After(opened, new SessionReading.Open("4915112345678@s.whatsapp.net"), _owner, Noon).Code);
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
                    new SessionReading.Open(null), Paired, CodeOut, Unpaired, new SessionReading.Connecting(null), new SessionReading.Closed(true), new SessionReading.Closed(null),
                    new SessionReading.Missing(),
                    new SessionReading.Refused("unauthorized", "no"), new SessionReading.Unreachable("away"),
                ];
                var reading = readings[random.Next(readings.Length)];
                var read = _life.After(session, reading, _owner, Noon);
                Assert.True(read.DueAt is null || read.DueAt > Noon, $"{session} stays due after {reading}: it would be asked without end.");
                return ($"{reading}", read);
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

    private static SessionReading Paired => new SessionReading.Connecting(true);

    private static SessionReading CodeOut => new SessionReading.Connecting(false);

    private static SessionReading Unpaired => new SessionReading.Closed(false);

    private AccountStatusChange? StatusOf(SessionState session, DateTimeOffset now) => _life.StatusOf(session, Tenant, now);

    private static SessionSign Sign(string kind, string? own = null, bool needsPairing = false) => new(kind, Noon, own, needsPairing, null, null);
}
