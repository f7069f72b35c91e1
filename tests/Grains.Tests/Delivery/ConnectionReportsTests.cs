using Channels.Core.Channels;
using Channels.Grains.Abstractions;
using Channels.Grains.Delivery;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Grains.Tests.Delivery;

public sealed class ConnectionReportsTests
{
    private readonly ManualClock _clock = new();
    private readonly ConnectionReports _reports;

    public ConnectionReportsTests() => _reports = new ConnectionReports(_ => throw new NotSupportedException(), new NoDirectory(), _clock, NullLogger.Instance);

    [Fact]
    public void The_longer_of_two_holds_counts()
    {
        var until = _clock.GetUtcNow().AddMinutes(2);
        _reports.HoldUntil(until, ReplyWaitCause.RateLimited);

        _reports.HoldUntil(until.AddMinutes(-1), ReplyWaitCause.CircuitOpen);

        Assert.Equal((until, ReplyWaitCause.RateLimited), (_reports.NotBefore, _reports.Hold.Cause));
    }

    [Fact]
    public void One_that_a_clock_dated_which_was_set_back_makes_nobody_forget_the_next()
    {
        _reports.HoldUntil(_clock.GetUtcNow().AddMinutes(2), ReplyWaitCause.RateLimited);
        _clock.Jump(TimeSpan.FromHours(-5));
        var now = _clock.GetUtcNow();

        _reports.HoldUntil(now.AddMinutes(1), ReplyWaitCause.RateLimited);

        Assert.Equal((now.AddMinutes(1), now), (_reports.NotBefore, _reports.Hold.Since));
    }

    private sealed class NoDirectory : IChannelDirectory
    {
        public ValueTask<ChannelEntry?> FindAsync(Core.Ids.AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Forget(Core.Ids.AccountId account) => throw new NotSupportedException();
    }
}
