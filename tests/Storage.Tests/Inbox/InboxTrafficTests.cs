using Channels.Core.Ids;
using Channels.Storage.Inbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Inbox;

[Collection(AloneInTheProcess.Name)]
public sealed class InboxTrafficTests
{
    private static readonly TenantId Heavy = Webhooks.Tenant(1);
    private static readonly TenantId Light = Webhooks.Tenant(2);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(250);

    private readonly ManualClock _clock = new();
    private readonly InboxTraffic _traffic;

    public InboxTrafficTests() => _traffic = new InboxTraffic(_clock);

    [Fact]
    public void Many_who_wait_are_pressure_made_by_those_who_send_notably()
    {
        _traffic.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 1)], waiting: 1000);

        Assert.True(_traffic.IsMadeBy(Heavy));
        Assert.False(_traffic.IsMadeBy(Light));
        Assert.False(_traffic.IsMadeBy(Webhooks.Tenant(3)));
    }

    [Fact]
    public void Notable_are_so_many_in_a_window_however_they_are_spread_over_transactions()
    {
        for (var sent = 1; sent < 25; sent++)
        {
            _traffic.Committed(Webhooks.Of(Heavy, 1), waiting: 1000);
        }

        Assert.False(_traffic.IsMadeBy(Heavy));
        _traffic.Committed(Webhooks.Of(Heavy, 1), waiting: 1000);

        Assert.True(_traffic.IsMadeBy(Heavy));
    }

    [Fact]
    public void Few_who_wait_are_no_pressure_however_much_is_sent()
    {
        for (var transaction = 0; transaction < 100; transaction++)
        {
            _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 5);
        }

        Assert.False(_traffic.IsMadeBy(Heavy));
    }

    [Fact]
    public void One_large_transaction_among_small_ones_is_no_pressure()
    {
        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 0);

        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 150);

        Assert.False(_traffic.IsMadeBy(Heavy));
    }

    [Fact]
    public void Pressure_falls_when_few_wait_again()
    {
        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
        Assert.True(_traffic.IsMadeBy(Heavy));

        for (var transaction = 0; transaction < 100; transaction++)
        {
            _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1);
        }

        Assert.False(_traffic.IsMadeBy(Heavy));
    }

    [Fact]
    public void What_began_pressure_keeps_it_up_below_where_it_began()
    {
        for (var transaction = 0; transaction < 100; transaction++)
        {
            _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 20);
        }

        Assert.False(_traffic.IsMadeBy(Heavy));
        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
        for (var transaction = 0; transaction < 100; transaction++)
        {
            _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 20);
        }

        Assert.True(_traffic.IsMadeBy(Heavy));
    }

    [Fact]
    public void While_the_machine_keeps_up_nobody_is_on_rations()
    {
        Commit(times: 100, waiting: 19);

        Assert.False(_traffic.IsRationed(Heavy));
        Assert.False(_traffic.MustRest);
    }

    [Fact]
    public void When_more_waits_the_room_is_halved_down_to_one_for_those_who_send_notably()
    {
        Commit(times: 100, waiting: 40);
        var rooms = new List<int>();
        for (var step = 0; step < 6; step++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(25));
            Commit(times: 1, waiting: 40);
            rooms.Add(_traffic.Room);
        }

        Assert.Equal([12, 6, 3, 1, 1, 1], rooms);
        Assert.True(_traffic.IsRationed(Heavy));
        Assert.False(_traffic.IsRationed(Light));
        Assert.False(_traffic.MustRest);
    }

    [Fact]
    public void Room_comes_back_one_by_one_and_slowly()
    {
        Commit(times: 100, waiting: 40);
        _clock.Advance(TimeSpan.FromMilliseconds(25));
        Commit(times: 1, waiting: 40);
        Commit(times: 100, waiting: 5);
        Assert.Equal(12, _traffic.Room);

        _clock.Advance(TimeSpan.FromMilliseconds(249));
        Commit(times: 100, waiting: 5);
        Assert.Equal(12, _traffic.Room);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Commit(times: 100, waiting: 5);

        Assert.Equal(13, _traffic.Room);
        Assert.True(_traffic.IsRationed(Heavy));
    }

    [Fact]
    public void When_very_many_wait_there_must_be_rests_until_half_as_many_do()
    {
        Commit(times: 100, waiting: 81);
        Assert.True(_traffic.MustRest);
        Commit(times: 100, waiting: 42);
        Assert.True(_traffic.MustRest);

        Commit(times: 100, waiting: 30);

        Assert.False(_traffic.MustRest);
    }

    [Fact]
    public void Beside_others_there_must_be_rests_as_soon_as_pressure_is_high()
    {
        for (var window = 0; window < 3; window++)
        {
            _traffic.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 1)], waiting: 40);
            Commit(times: 20, waiting: 40);
            _clock.Advance(Window);
        }

        Commit(times: 1, waiting: 40);
        Assert.True(_traffic.OthersAreAbout);
        Assert.True(_traffic.MustRest);

        // Alone with as much, it need not.
        _clock.Advance(TimeSpan.FromSeconds(30));
        Commit(times: 100, waiting: 40);
        Assert.False(_traffic.MustRest);
    }

    [Fact]
    public void After_a_silence_all_have_room()
    {
        _clock.Advance(TimeSpan.FromMilliseconds(25));
        Commit(times: 100, waiting: 81);
        Assert.True(_traffic.IsRationed(Heavy));

        _clock.Advance(2 * Window);
        Assert.False(_traffic.IsRationed(Heavy));
        Assert.False(_traffic.MustRest);
        Commit(times: 1, waiting: 1);

        Assert.Equal(24, _traffic.Room);
    }

    [Fact]
    public void One_who_stops_sending_makes_no_pressure_though_it_goes_on()
    {
        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
        _clock.Advance(Window);
        _traffic.Committed(Webhooks.Of(Light, 100), waiting: 1000);
        Assert.True(_traffic.IsMadeBy(Heavy));

        _clock.Advance(Window);
        _traffic.Committed(Webhooks.Of(Light, 100), waiting: 1000);

        Assert.False(_traffic.IsMadeBy(Heavy));
        Assert.True(_traffic.IsMadeBy(Light));
    }

    [Fact]
    public void Pressure_ends_by_itself_when_nothing_comes_any_more()
    {
        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
        _clock.Advance(2 * Window - TimeSpan.FromMilliseconds(1));
        Assert.True(_traffic.IsMadeBy(Heavy));

        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.False(_traffic.IsMadeBy(Heavy));
    }

    [Fact]
    public void The_first_webhook_after_a_silence_does_not_bring_the_old_pressure_back()
    {
        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
        _clock.Advance(TimeSpan.FromHours(1));

        _traffic.Committed(Webhooks.Of(Heavy, 1), waiting: 1);

        Assert.False(_traffic.IsMadeBy(Heavy));
    }

    [Fact]
    public void Pressure_that_lasts_is_seen_at_once_when_a_slow_transaction_ends()
    {
        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
        _clock.Advance(TimeSpan.FromSeconds(3));

        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);

        Assert.True(_traffic.IsMadeBy(Heavy));
    }

    [Fact]
    public void One_who_sends_little_beside_one_who_makes_pressure_is_about_for_half_a_minute()
    {
        _traffic.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 1)], waiting: 1000);
        Assert.False(_traffic.OthersAreAbout);

        for (var window = 0; window < 2; window++)
        {
            _clock.Advance(Window);
            _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
        }

        Assert.True(_traffic.OthersAreAbout);
        Assert.True(_traffic.IsOther(Light));
        Assert.False(_traffic.IsOther(Heavy));

        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.False(_traffic.OthersAreAbout);
        Assert.False(_traffic.IsOther(Light));
    }

    [Fact]
    public void Those_who_all_make_pressure_are_no_others_to_each_other()
    {
        for (var window = 0; window < 4; window++)
        {
            _traffic.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 80)], waiting: 1000);
            _clock.Advance(Window);
        }

        _traffic.Committed(Webhooks.Of(Heavy, 1), waiting: 1000);

        Assert.False(_traffic.OthersAreAbout);
    }

    [Fact]
    public void The_beginning_of_a_burst_is_nobody_else()
    {
        _traffic.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 3)], waiting: 1000);
        for (var window = 0; window < 4; window++)
        {
            _clock.Advance(Window);
            _traffic.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 80)], waiting: 1000);
        }

        Assert.False(_traffic.OthersAreAbout);
    }

    [Fact]
    public void A_burst_that_paused_is_nobody_else_to_itself()
    {
        for (var window = 0; window < 4; window++)
        {
            _traffic.Committed(Webhooks.Of(Heavy, 3), waiting: 1);
            _clock.Advance(Window);
        }

        Assert.True(_traffic.OthersAreAbout);
        for (var window = 0; window < 2; window++)
        {
            _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
            _clock.Advance(Window);
        }

        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);

        Assert.False(_traffic.OthersAreAbout);
    }

    [Fact]
    public void The_end_of_a_burst_is_nobody_else()
    {
        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);
        _clock.Advance(Window);
        _traffic.Committed(Webhooks.Of(Heavy, 3), waiting: 1000);
        _clock.Advance(Window);

        _traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);

        Assert.False(_traffic.OthersAreAbout);
    }

    private void Commit(int times, int waiting)
    {
        for (var transaction = 0; transaction < times; transaction++)
        {
            _traffic.Committed(Webhooks.Of(Heavy, 100), waiting);
        }
    }
}
