using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Grains.Session;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Tests.Session;

/// <summary>How often, and with what, a connection that is away is brought back.</summary>
public sealed partial class SessionLifeTests
{
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
    public void A_paired_connection_that_is_away_is_left_to_its_gateway_and_then_restarted()
    {
        foreach (var away in new SessionReading[] { Paired, new SessionReading.Closed(true), new SessionReading.Connecting(null), new SessionReading.Closed(null) })
        {
            var session = _life.After(Working, Sign(EventKinds.ConnectionConnecting), _owner, Noon);
            var (now, asked) = (Noon, 0);
            while (_life.OrderAfter(session, away, Never, now) == SessionOrder.None)
            {
                session = _life.After(session, away, _owner, now);
                now = session.DueAt!.Value;
                Assert.True(++asked < 30, "It is never told.");
            }

            Assert.Equal(SessionOrder.Restart, _life.OrderAfter(session, away, Never, now));
            Assert.True(asked >= 3 && now - Noon >= _options.LeaveAlone, $"Told after {asked} questions and {now - Noon}.");
        }
    }

    [Fact]
    public void One_that_stays_away_is_restarted_ever_more_rarely()
    {
        var session = _life.After(Working, Sign(EventKinds.ConnectionConnecting), _owner, Noon);
        var (now, told) = (Noon, new List<DateTimeOffset>());
        while (now < Noon + TimeSpan.FromHours(1))
        {
            var order = _life.OrderAfter(session, Paired, Never, now);
            session = _life.After(session, Paired, _owner, now);
            if (order != SessionOrder.None)
            {
                told.Add(now);
                session = _life.After(session, new ActivationOutcome.Connecting("wait"), _owner, now);
            }

            now = session.DueAt!.Value;
        }

        Assert.InRange(told.Count, 30, 70);
        Assert.True(told[^1] - told[^2] >= _options.LongestRetry, "No backoff.");
    }

    [Fact]
    public void A_gateway_that_goes_on_trying_by_itself_is_never_told()
    {
        var session = _life.After(Working, Sign(EventKinds.ConnectionConnecting), _owner, Noon);
        var closed = new SessionReading.Closed(true);
        var now = Noon;
        while (now < Noon + TimeSpan.FromHours(1))
        {
            Assert.Equal(SessionOrder.None, _life.OrderAfter(session, closed, now - TimeSpan.FromSeconds(5), now));
            session = _life.After(session, closed, _owner, now);
            now = session.DueAt!.Value;
        }

        Assert.Equal(SessionOrder.Restart, _life.OrderAfter(session, closed, now - _options.LeaveAlone, now));
    }

    [Fact]
    public void One_that_stays_away_is_looked_at_when_it_may_be_restarted()
    {
        var session = _life.After(Working, Sign(EventKinds.ConnectionConnecting), _owner, Noon);
        while (session.DueAt < Noon + _options.LeaveAlone)
        {
            session = _life.After(session, Paired, _owner, session.DueAt!.Value);
        }

        Assert.InRange(session.DueAt!.Value - Noon, _options.LeaveAlone, _options.LeaveAlone * 1.25);
    }

    [Fact]
    public void A_new_code_is_asked_for_only_where_somebody_asked_to_pair()
    {
        var asked = _life.Asked(_life.First(AccountStatus.Pending, Noon), Noon);

        Assert.Equal(SessionOrder.Pair, _life.OrderAfter(asked, Unpaired, Never, Noon));
        Assert.Equal(SessionOrder.Pair, _life.OrderAfter(_life.Asked(SessionLife.LoggedOut(Working, removed: false, Noon), Noon), Unpaired, Never, Noon));
        foreach (var session in new[]
        {
            Working, Scanning, SessionLife.LoggedOut(Working, removed: false, Noon), SessionLife.LoggedOut(Working, removed: true, Noon), SessionLife.SwitchedOff(Working, Noon),
            _life.After(Working, Sign(EventKinds.ConnectionClosed, needsPairing: true), _owner, Noon),
        })
        {
            Assert.Equal(SessionOrder.None, _life.OrderAfter(session, Unpaired, Never, Noon));
            Assert.Equal(SessionOrder.None, _life.OrderAfter(session, CodeOut, Never, Noon));
            Assert.Equal(SessionOrder.None, _life.OrderAfter(session, new SessionReading.Missing(), Never, Noon));
        }
    }

    [Fact]
    public void An_instance_that_was_never_made_is_made_and_one_that_was_taken_away_is_not()
    {
        var asked = _life.After(_life.Asked(_life.First(AccountStatus.Pending, Noon), Noon), new ActivationOutcome.Unreachable("away"), _owner, Noon);
        var broken = _life.After(Working, Sign(EventKinds.ConnectionClosed), _owner, Noon);

        Assert.Equal(SessionOrder.Pair, _life.OrderAfter(asked, new SessionReading.Missing(), Never, Noon));
        Assert.Equal(SessionOrder.None, _life.OrderAfter(broken, new SessionReading.Missing(), Never, Noon));
        Assert.Equal("removed", _life.After(broken, new SessionReading.Missing(), _owner, Noon).Code);
    }

    [Fact]
    public void A_connection_found_open_works_only_once_its_gateway_was_told_where_to_post()
    {
        var asked = _life.Asked(_life.First(AccountStatus.Pending, Noon), Noon);
        foreach (var session in new[]
        {
            asked, Scanning,
            _life.After(asked, new ActivationOutcome.Unreachable("500"), _owner, Noon),
            _life.After(asked, new ActivationOutcome.Refused("rejected", "400"), _owner, Noon),
            _life.After(asked, new ActivationOutcome.Connecting("restarting"), _owner, Noon),
        })
        {
            var open = new SessionReading.Open(Own);
            var found = _life.After(session, open, _owner, Noon);

            Assert.Equal(SessionOrder.Pair, _life.OrderAfter(session, open, Never, Noon));
            Assert.NotEqual(AccountStatus.Active, StatusOf(found, Noon)?.Status);
            Assert.True(found.DueAt > Noon);
            Assert.Equal(SessionOrder.Pair, _life.OrderAfter(found, open, Never, Noon));
            Assert.Equal((SessionStatus.Working, null), _life.After(found, new ActivationOutcome.Active(Own), _owner, Noon) is { } works ? (works.Status, works.Code) : default);
        }
    }

    [Fact]
    public void One_that_comes_back_by_itself_is_told_nothing()
    {
        var open = new SessionReading.Open(Own);
        foreach (var session in new[] { Working, _life.After(Working, Sign(EventKinds.ConnectionClosed), _owner, Noon), _life.After(Working, Sign(EventKinds.ConnectionQr), _owner, Noon) })
        {
            Assert.Equal(SessionOrder.None, _life.OrderAfter(session, open, Never, Noon));
            Assert.Equal(SessionStatus.Working, _life.After(session, open, _owner, Noon).Status);
        }
    }

    [Fact]
    public void One_that_works_and_is_activated_again_works_on_and_is_told_until_that_is_done()
    {
        var open = new SessionReading.Open(Own);
        var asked = _life.Asked(Working, Noon);
        Assert.Equal(StatusOf(Working, Noon), StatusOf(asked, Noon));
        Assert.True(asked.DueAt <= Noon + _options.SettleWait);

        var silent = _life.After(asked, new ActivationOutcome.Unreachable("500"), _owner, Noon);
        Assert.Equal((AccountStatus.Active, "webhook-unconfirmed"), StatusOf(silent, Noon) is { } said ? (said.Status, said.Code) : default);

        foreach (var session in new[]
        {
            asked, silent, _life.After(silent, open, _owner, Noon), _life.After(silent, new SessionReading.Unreachable("away"), _owner, Noon), _life.Asked(silent, Noon),
            _life.After(silent, Sign(EventKinds.ConnectionClosed), _owner, Noon), _life.After(silent, new ActivationOutcome.Connecting("restarting"), _owner, Noon),
            _life.Changed(silent, Noon),
        })
        {
            Assert.Equal(SessionOrder.Pair, _life.OrderAfter(session, open, Never, Noon));
        }

        Assert.Equal(StatusOf(Working, Noon), StatusOf(_life.After(silent, new ActivationOutcome.Active(Own), _owner, Noon), Noon));
    }

    [Fact]
    public void What_a_gateway_posts_before_it_was_told_anew_is_no_proof_that_it_was()
    {
        var (asked, open) = (_life.Asked(Working, Noon), new SessionReading.Open(Own));
        foreach (var session in new[] { asked, _life.After(asked, new ActivationOutcome.Unreachable("500"), _owner, Noon), _life.After(asked, Sign(EventKinds.ConnectionConnecting), _owner, Noon) })
        {
            foreach (var sign in new[]
            {
                Sign(EventKinds.ConnectionOpen, own: Own), Sign(EventKinds.ConnectionQr), Sign(EventKinds.ConnectionQrNeeded), Sign(EventKinds.ConnectionQrExpired),
                Sign(EventKinds.ConnectionClosed, needsPairing: true), Sign(EventKinds.ConnectionStopped, needsPairing: true), Sign(EventKinds.AccountRemoved),
                Sign(EventKinds.ConnectionConnecting), Sign(EventKinds.ConnectionClosed), Sign(EventKinds.AccountError),
            })
            {
                var after = _life.After(session, sign, _owner, Noon);

                Assert.Equal(SessionOrder.Pair, _life.OrderAfter(after, open, Never, Noon));
                Assert.Equal(SessionOrder.Pair, _life.OrderAfter(_life.After(after, open, _owner, Noon), open, Never, Noon));
                Assert.True(after.DueAt <= Noon + (_options.PairingCheck * SessionLife.MostJitter));
            }
        }

        // What is so is found when it is asked.
        var waits = _life.After(asked, Sign(EventKinds.ConnectionQr), _owner, Noon);
        Assert.Equal((SessionStatus.Working, SessionStatus.ScanQrCode), (waits.Status, _life.After(waits, CodeOut, _owner, Noon).Status));
    }

    [Fact]
    public void One_whose_settings_change_is_told_before_it_counts_as_one_that_works_there()
    {
        var open = new SessionReading.Open(Own);
        foreach (var session in new[] { Working, _life.After(Working, Sign(EventKinds.ConnectionClosed), _owner, Noon) })
        {
            var changed = _life.Changed(session, Noon);

            Assert.Equal(StatusOf(session, Noon), StatusOf(changed, Noon));
            Assert.Equal(Noon, changed.DueAt);
            Assert.Equal(SessionOrder.Pair, _life.OrderAfter(changed, open, Never, Noon));
            Assert.Equal(StatusOf(Working, Noon), StatusOf(_life.After(changed, new ActivationOutcome.Active(Own), _owner, Noon), Noon));
        }

        // Nothing else is another for it.
        Assert.Equal(Scanning with { DueAt = Noon }, _life.Changed(Scanning, Noon));
    }

    [Fact]
    public void What_a_clock_that_was_set_back_has_put_off_is_due_and_a_break_is_told_and_mended()
    {
        var (earlier, session) = (Noon.AddHours(-5), Working);
        Assert.False(_life.IsDue(session, Noon));
        Assert.False(_life.IsDue(session, session.DueAt!.Value - _options.FurthestLook));
        Assert.True(_life.IsDue(session, session.DueAt!.Value));
        Assert.True(_life.IsDue(session, earlier));
        Assert.False(_life.IsDue(session with { DueAt = null }, earlier));

        var broken = _life.After(Working, Sign(EventKinds.ConnectionClosed), _owner, Noon) with { Attempts = 3 };
        Assert.Null(_life.StatusOf(broken, Tenant, Noon));
        Assert.Equal(AccountStatus.Connecting, _life.StatusOf(broken, Tenant, earlier)?.Status);
        Assert.Equal(SessionOrder.None, _life.OrderAfter(broken, new SessionReading.Closed(null), Noon, Noon));
        Assert.Equal(SessionOrder.Restart, _life.OrderAfter(broken, new SessionReading.Closed(null), Noon, earlier));
    }
}
