using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
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

    [Theory]
    [InlineData(30, false)]
    [InlineData(60, true)]
    [InlineData(1800, true)]
    public async Task A_hold_that_is_not_over_soon_is_written_down(int seconds, bool isTold)
    {
        var (connector, channel) = (new Connector(), Channel());
        var reports = new ConnectionReports(_ => connector, new NoDirectory(), _clock, NullLogger.Instance);

        await reports.AddAsync(channel, new SendOutcome.TryLater(TimeSpan.FromSeconds(seconds), "rate-limited", "131048 spam rate limit"));

        Assert.Equal(_clock.GetUtcNow().AddSeconds(seconds), reports.NotBefore);
        Assert.Equal(isTold ? (channel.Account, reports.NotBefore, "rate-limited: 131048 spam rate limit") : null, connector.Held);
    }

    private static ChannelEntry Channel()
    {
        var id = new Guid("0197f000-0000-7000-8000-000000000005");
        return new ChannelEntry(
            new TenantId(id), new ConnectorId(id), new AccountId(id), "fake", ConnectorStatus.Active, AccountStatus.Active, null, null!, AgentSettings.None, ChannelPolicy.Default, false);
    }

    private sealed class Connector : IConnectorGrain
    {
        public (AccountId Account, DateTimeOffset Until, string Reason)? Held { get; private set; }

        public Task ReportHeldAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason)
        {
            Held = (account, until, reason);
            return Task.CompletedTask;
        }

        public Task<ActivationResult> ActivateAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DisableAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<BreakerState> ReportFailureAsync(string code) => throw new NotSupportedException();

        public Task ReportSuccessAsync() => throw new NotSupportedException();

        public Task ReportBlockedAsync(TenantId tenant, string code, string reason) => throw new NotSupportedException();

        public Task ReportHealthyAsync(TenantId tenant) => throw new NotSupportedException();

        public Task<BreakerState> GetBreakerAsync() => throw new NotSupportedException();
    }

    private sealed class NoDirectory : IChannelDirectory
    {
        public ValueTask<ChannelEntry?> FindAsync(Core.Ids.AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Forget(Core.Ids.AccountId account) => throw new NotSupportedException();
    }
}
