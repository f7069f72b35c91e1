using Channels.Grains.Connector;
using Channels.Testing;

namespace Channels.Grains.Tests.Connector;

public sealed class CircuitBreakerTests
{
    private readonly ManualClock _clock = new();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(_clock);

    [Fact]
    public void It_opens_after_five_failures_in_a_row_for_five_seconds()
    {
        Fail(4);
        Assert.Equal("closed", _breaker.State.State);
        Assert.Null(_breaker.State.Until);

        Fail(1);

        Assert.Equal("open", _breaker.State.State);
        Assert.Equal("gateway-down", _breaker.State.Code);
        AssertPause(seconds: 5);
    }

    [Fact]
    public void A_success_among_failures_begins_the_count_anew()
    {
        Fail(4);
        _breaker.Succeeded();
        Fail(4);

        Assert.Equal("closed", _breaker.State.State);
    }

    [Fact]
    public void After_the_pause_it_is_half_open_until_a_call_says_more()
    {
        Fail(5);
        WaitOut();

        Assert.Equal("half_open", _breaker.State.State);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("half_open", _breaker.State.State);
    }

    [Fact]
    public void Each_failure_of_the_one_let_through_doubles_the_pause_to_one_minute()
    {
        Fail(5);
        foreach (var seconds in new[] { 10, 20, 40, 60, 60 })
        {
            WaitOut();
            Fail(1);
            Assert.Equal("open", _breaker.State.State);
            AssertPause(seconds);
        }
    }

    [Fact]
    public void Calls_that_were_under_way_when_it_opened_do_not_lengthen_the_pause()
    {
        Fail(5);
        var until = _breaker.State.Until;

        Fail(20);

        Assert.Equal(until, _breaker.State.Until);
        WaitOut();
        Fail(1);
        AssertPause(seconds: 10);
    }

    [Fact]
    public void A_success_closes_it_and_the_next_failures_are_counted_from_none()
    {
        Fail(5);
        WaitOut();
        Fail(1);
        WaitOut();

        _breaker.Succeeded();

        Assert.Equal("closed", _breaker.State.State);
        Assert.Null(_breaker.State.Code);
        Assert.Null(_breaker.State.Until);
        Fail(4);
        Assert.Equal("closed", _breaker.State.State);
        Fail(1);
        AssertPause(seconds: 5);
    }

    [Fact]
    public void Since_says_when_it_opened_and_when_it_closed_and_not_when_it_tried_again()
    {
        var made = _clock.GetUtcNow();
        Assert.Equal(made, _breaker.State.Since);

        _clock.Advance(TimeSpan.FromMinutes(1));
        Fail(5);
        var opened = _clock.GetUtcNow();
        WaitOut();
        Fail(1);
        Assert.Equal(opened, _breaker.State.Since);

        WaitOut();
        _breaker.Succeeded();
        var closed = _clock.GetUtcNow();
        _clock.Advance(TimeSpan.FromMinutes(1));
        _breaker.Succeeded();
        Assert.Equal(closed, _breaker.State.Since);
    }

    [Fact]
    public void A_pause_that_a_clock_dated_which_was_set_back_is_over_and_the_next_failure_begins_another()
    {
        Fail(5);
        _clock.Jump(TimeSpan.FromHours(-5));
        Assert.Equal("half_open", _breaker.State.State);

        Fail(1);

        Assert.Equal("open", _breaker.State.State);
        AssertPause(seconds: 10);
    }

    private void Fail(int times)
    {
        for (var failure = 0; failure < times; failure++)
        {
            _breaker.Failed("gateway-down");
        }
    }

    private void WaitOut() => _clock.Advance(_breaker.State.Until!.Value - _clock.GetUtcNow());

    // A quarter of it is chance.
    private void AssertPause(double seconds) =>
        Assert.InRange((_breaker.State.Until!.Value - _clock.GetUtcNow()).TotalSeconds, seconds, seconds * 1.25);
}
