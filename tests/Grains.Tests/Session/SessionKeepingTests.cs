using Channels.Core;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Sessions;
using Channels.Grains.Abstractions;
using Channels.Grains.Session;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Tests.Session;

/// <summary>An account's status in the table follows its session, whatever the session believes to have told it.</summary>
public sealed class SessionKeepingTests : ISessionStore, IChannelStatuses, IChannelDirectory
{
    private static readonly TenantId Tenant = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private readonly ManualClock _clock = new();
    private readonly SessionLife _life = new(new SessionOptions(), new Random(7));
    private readonly SessionKeeping _keeping;
    private AccountStatus _status = AccountStatus.Pending;
    private bool _losesAnswer;
    private int _told;

    public SessionKeepingTests() => _keeping = new SessionKeeping(this, this, _life, this, _clock, NullLogger.Instance, () => Task.CompletedTask);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_status_that_was_written_though_the_answer_was_lost_is_put_right_by_what_was_told_before(bool byAnEntryOfBefore)
    {
        var working = _life.First(AccountStatus.Active, _clock.GetUtcNow());
        var sign = new SessionSign(EventKinds.AccountError, _clock.GetUtcNow(), null, false, null, null);
        var failing = _life.After(working, sign, new SessionOwner("5491150000001", _ => true), _clock.GetUtcNow());
        await _keeping.KeepAsync(Channel(), working);
        var before = Channel();

        _losesAnswer = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _keeping.KeepAsync(Channel(), failing));
        _losesAnswer = false;
        Assert.Equal(AccountStatus.Error, _status);
        await _keeping.KeepAsync(byAnEntryOfBefore ? before : Channel(), working);

        Assert.Equal(AccountStatus.Active, _status);
    }

    [Fact]
    public async Task A_status_that_somebody_else_wrote_is_put_right_and_told_once_in_a_pass()
    {
        var working = _life.First(AccountStatus.Active, _clock.GetUtcNow());
        await _keeping.KeepAsync(Channel(), working);
        _status = AccountStatus.Inactive;
        var told = _told;
        var seen = Channel();

        await _keeping.KeepAsync(seen, working);
        await _keeping.KeepAsync(seen, working);

        Assert.Equal((AccountStatus.Active, told + 1), (_status, _told));
    }

    Task<SessionState?> ISessionStore.LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task ISessionStore.SaveAsync(TenantId tenant, AccountId account, SessionState session, CancellationToken cancellationToken) => Task.CompletedTask;

    Task<bool> IChannelStatuses.SetAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken)
    {
        (_status, _told) = (status, _told + 1);
        return _losesAnswer ? Task.FromException<bool>(new StoreUnavailableException()) : Task.FromResult(true);
    }

    Task<bool> IChannelStatuses.ObserveAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task IChannelStatuses.HoldAccountAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<bool> IChannelStatuses.SetConnectorAsync(
        TenantId tenant, ConnectorId connector, ConnectorStatus status, string? code, string? reason, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task IChannelStatuses.SetTenantSuspendedAsync(TenantId tenant, bool suspended, string? reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    // As its row is.
    private ChannelEntry Channel()
    {
        var account = new AccountId(Tenant.Value);
        var connection = new Connection(Tenant, account, "5491150000001", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/"));
        return new ChannelEntry(
            Tenant, new ConnectorId(Tenant.Value), account, "fake", ConnectorStatus.Active, _status, null, connection, AgentSettings.None, ChannelPolicy.Default, false);
    }
}
