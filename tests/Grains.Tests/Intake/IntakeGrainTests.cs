using System.Text.Json;
using Channels.Core;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Intake;
using Channels.GrainHosting;
using Channels.Grains.Abstractions;
using Channels.Grains.Intake;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains.Tests.Intake;

/// <summary>What comes between a question to a provider and its answer.</summary>
public sealed class IntakeGrainTests : IChannelDirectory, IConnectorCatalog, IIntakeStore, IInbox, IChannelStatuses, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ManualClock _clock = new();
    private readonly TenantId _tenant = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private readonly AccountId _account = new(Guid.Parse("22222222-2222-2222-2222-222222222222"));
    private readonly IntakeOptions _options = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<HealthReading> _health = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile AccountIntake _intake;
    private volatile IConnector _kind;
    private volatile bool _storeIsDown;
    private AccountStatus _status = AccountStatus.Active;
    private GrainHost _host = null!;

    public IntakeGrainTests() => (_intake, _kind) = (AccountIntake.None with { DueAt = _clock.GetUtcNow() }, new PolledKind(this));

    public IReadOnlyCollection<IConnector> All => [_kind];

    private IIntakeGrain Intake => _host.Grains.GetGrain<IIntakeGrain>(_account.Value);

    private IConnectorGrain Connector => _host.Grains.GetGrain<IConnectorGrain>(_tenant.Value);

    public async Task InitializeAsync() => _host = await GrainHost.StartAsync(options =>
    {
        options.Assemblies.Add(typeof(IntakeGrain).Assembly);
        options.Services = services => services
            .AddSingleton<TimeProvider>(_clock)
            .AddSingleton(new IdSource(_clock))
            .AddSingleton(_options)
            .AddSingleton<IChannelDirectory>(this)
            .AddSingleton<IConnectorCatalog>(this)
            .AddSingleton<IIntakeStore>(this)
            .AddSingleton<IInbox>(this)
            .AddSingleton<IChannelStatuses>(this);
    });

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task One_that_could_not_be_switched_off_is_due_as_before_and_one_that_is_off_is_not()
    {
        await Intake.WakeAsync();
        await _asked.Task.WaitAsync(Patience);

        _storeIsDown = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Connector.DisableAsync(_tenant, _account, default));
        Assert.NotNull(_intake.DueAt);
        Assert.False(_givenUp.Task.IsCompleted);

        _storeIsDown = false;
        await Connector.DisableAsync(_tenant, _account, default);
        Assert.Equal((AccountStatus.Inactive, null), (_status, _intake.DueAt));
        await _givenUp.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Bad_news_during_a_look_that_ends_well_is_asked_about_as_soon_as_may_be()
    {
        _kind = new WatchedKind(this);
        await Intake.WakeAsync();
        await _asked.Task.WaitAsync(Patience);

        await Intake.LookSoonAsync(_tenant);
        _health.SetResult(new HealthReading.Well());
        await _looked.Task.WaitAsync(Patience);

        // Half a minute after the news would be sooner after this look than any may follow another.
        Assert.Equal(_clock.GetUtcNow() + _options.HealthAilingEvery, _intake.DueAt);
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => ValueTask.FromResult<ChannelEntry?>(new(
        _tenant, new ConnectorId(_tenant.Value), account, "fake", ConnectorStatus.Active, _status, null,
        new Connection(_tenant, account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/")), AgentSettings.None, ChannelPolicy.Default, false));

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    IConnector? IConnectorCatalog.Find(string kind) => _kind;

    Task<AccountIntake?> IIntakeStore.LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult<AccountIntake?>(_intake);

    Task<UpdateGap> IIntakeStore.ReadGapAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult(default(UpdateGap));

    Task IIntakeStore.SaveAsync(TenantId tenant, AccountId account, AccountIntake intake, CancellationToken cancellationToken)
    {
        _intake = intake;
        if (intake.HealthAt is not null)
        {
            _looked.TrySetResult();
        }

        return Task.CompletedTask;
    }

    Task IInbox.AppendAsync(InboundWebhook webhook, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<bool> IChannelStatuses.SetAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken)
    {
        if (_storeIsDown)
        {
            throw new StoreUnavailableException();
        }

        _status = status;
        return Task.FromResult(true);
    }

    Task<bool> IChannelStatuses.ObserveAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<bool> IChannelStatuses.SetConnectorAsync(
        TenantId tenant, ConnectorId connector, ConnectorStatus status, string? code, string? reason, CancellationToken cancellationToken) => Task.FromResult(true);

    Task IChannelStatuses.HoldAccountAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IChannelStatuses.SetTenantSuspendedAsync(TenantId tenant, bool suspended, string? reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    private abstract class Kind : IConnector
    {
        public ChannelManifest Manifest { get; } = new("fake", "Fake", "1", "none", JsonSerializer.SerializeToElement(new { }), new ChannelLimits(1_000, null, 1), TimeSpan.Zero);

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    /// <summary>Has no messages.</summary>
    private sealed class PolledKind(IntakeGrainTests test) : Kind, IPollingConnector
    {
        public TimeSpan LongestWait => TimeSpan.FromSeconds(10);

        public bool IsPolled(Connection connection) => true;

        public async Task<PollOutcome> PollAsync(Connection connection, string? cursor, CancellationToken cancellationToken)
        {
            test._asked.TrySetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                test._givenUp.TrySetResult();
                throw;
            }

            return new PollOutcome.Fetched([], cursor);
        }
    }

    /// <summary>Says how an account stands once the test does.</summary>
    private sealed class WatchedKind(IntakeGrainTests test) : Kind, IHealthWatch
    {
        public Task<HealthReading> ReadHealthAsync(Connection connection, CancellationToken cancellationToken)
        {
            test._asked.TrySetResult();
            return test._health.Task.WaitAsync(cancellationToken);
        }
    }
}
