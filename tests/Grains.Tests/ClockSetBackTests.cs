using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.History;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Intake;
using Channels.GrainHosting;
using Channels.Grains.Abstractions;
using Channels.Grains.Intake;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains.Tests;

/// <summary>A clock that is set back by hours keeps nobody waiting for hours who waits for seconds.</summary>
public sealed class ClockSetBackTests : IChannelDirectory, IConnectorCatalog, IIntakeStore, IHistoryImports, IInbox, IAccountInbox, IInboxPressure, IAsyncLifetime
{
    private static readonly TimeSpan Jump = TimeSpan.FromHours(-5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<string> _asked = Channel.CreateUnbounded<string>();
    private readonly ManualClock _clock = new();
    private readonly TenantId _tenant = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private readonly AccountId _account = new(Guid.Parse("22222222-2222-2222-2222-222222222222"));
    private readonly IntakeOptions _options = new();
    private readonly Provider _provider;
    private AccountIntake? _intake;
    private Action _saved = () => { };
    private GrainHost _host = null!;

    public ClockSetBackTests() => _provider = new Provider(this);

    public IReadOnlyCollection<IConnector> All => [_provider];

    public bool OthersAreAbout => false;

    public int Room => 1;

    public bool MustRest => false;

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
            .AddSingleton<IHistoryImports>(this)
            .AddSingleton<IInbox>(this)
            .AddSingleton<IAccountInbox>(this)
            .AddSingleton<IInboxPressure>(this);
    });

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_bot_that_is_polled_is_polled_on()
    {
        _provider.Polled = true;
        _intake = AccountIntake.None with { DueAt = _clock.GetUtcNow() };
        var first = true;
        _saved = () =>
        {
            if (first)
            {
                first = false;
                _clock.Jump(Jump);
            }
        };

        // Nothing came, and at once: the next poll is a second later.
        var rest = _clock.TimerSetAsync(wait => wait == TimeSpan.FromSeconds(1));
        await _host.Grains.GetGrain<IIntakeGrain>(_account.Value).WakeAsync();

        await ExpectAsync("poll");
        await rest;
        _clock.Advance(TimeSpan.FromSeconds(1));
        await ExpectAsync("poll");
    }

    [Fact]
    public async Task A_webhook_that_is_to_be_looked_at_further_ahead_than_any_is_looked_at_when_the_sweep_says_so()
    {
        _intake = AccountIntake.None with { DueAt = _clock.GetUtcNow() - Jump };

        await _host.Grains.GetGrain<IIntakeGrain>(_account.Value).WakeAsync();

        await ExpectAsync("look");
        Assert.InRange(_options.FurthestLook, _options.HealthEvery, _options.HealthEvery + TimeSpan.FromMinutes(20));
    }

    [Fact]
    public async Task A_webhook_that_is_to_be_looked_at_later_is_let_be()
    {
        _intake = AccountIntake.None with { DueAt = _clock.GetUtcNow() + _options.FurthestLook };

        await _host.Grains.GetGrain<IIntakeGrain>(_account.Value).WakeAsync();
        await _host.DisposeAsync();

        Assert.False(_asked.Reader.TryRead(out _));
    }

    [Fact]
    public async Task An_import_goes_on_after_its_pause()
    {
        var pause = _clock.TimerSetAsync(wait => wait == TimeSpan.FromSeconds(5));
        await _host.Grains.GetGrain<IHistoryImportGrain>(_account.Value).StartAsync(_tenant, HistoryStrategy.All, null, default);
        await ExpectAsync("read");
        await pause.WaitAsync(Patience);

        _clock.Jump(Jump);
        _clock.Advance(TimeSpan.FromSeconds(5));

        await ExpectAsync("read");
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => ValueTask.FromResult<ChannelEntry?>(new(
        _tenant, new ConnectorId(_tenant.Value), account, "fake", ConnectorStatus.Active, AccountStatus.Active, null,
        new Connection(_tenant, account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/")), AgentSettings.None, ChannelPolicy.Default, false));

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    IConnector? IConnectorCatalog.Find(string kind) => _provider;

    Task<AccountIntake?> IIntakeStore.LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult(_intake);

    Task<UpdateGap> IIntakeStore.ReadGapAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult(default(UpdateGap));

    Task IIntakeStore.SaveAsync(TenantId tenant, AccountId account, AccountIntake intake, CancellationToken cancellationToken)
    {
        _saved();
        return Task.CompletedTask;
    }

    Task<HistoryImport?> IHistoryImports.FindAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult<HistoryImport?>(null);

    Task IHistoryImports.SaveAsync(TenantId tenant, AccountId account, HistoryImport import, CancellationToken cancellationToken) => Task.CompletedTask;

    Task IInbox.AppendAsync(InboundWebhook webhook, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<ImmutableArray<InboundWebhook>> IAccountInbox.ReadAsync(TenantId tenant, AccountId account, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<InboundWebhook>.Empty);

    Task IAccountInbox.ParkRestAsync(AccountId account, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    bool IInboxPressure.IsMadeBy(TenantId tenant) => false;

    bool IInboxPressure.IsRationed(TenantId tenant) => false;

    private async Task ExpectAsync(string asked)
    {
        using var limit = new CancellationTokenSource(Patience);
        Assert.Equal(asked, await _asked.Reader.ReadAsync(limit.Token));
    }

    /// <summary>One that is polled or watched, and has a history that is never to be had.</summary>
    private sealed class Provider(ClockSetBackTests test) : IPollingConnector, IWebhookWatch, IHistoryConnector
    {
        private int _polls;

        public bool Polled { get; set; }

        public ChannelManifest Manifest { get; } = new("fake", "Fake", "1", "none", JsonSerializer.SerializeToElement(new { }), new ChannelLimits(1_000, null, 1), TimeSpan.Zero);

        public TimeSpan LongestWait => TimeSpan.FromSeconds(10);

        public bool IsPolled(Connection connection) => Polled;

        public async Task<PollOutcome> PollAsync(Connection connection, string? cursor, CancellationToken cancellationToken)
        {
            test._asked.Writer.TryWrite("poll");
            if (++_polls > 1)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }

            return new PollOutcome.Fetched([], "1");
        }

        public Task<WebhookReading> ReadWebhookAsync(Connection connection, DateTimeOffset now, CancellationToken cancellationToken)
        {
            test._asked.Writer.TryWrite("look");
            return Task.FromResult<WebhookReading>(new WebhookReading.Flowing());
        }

        public Task<HistoryOutcome> ReadHistoryAsync(Connection connection, string? cursor, int most, CancellationToken cancellationToken)
        {
            test._asked.Writer.TryWrite("read");
            return Task.FromResult<HistoryOutcome>(new HistoryOutcome.TryLater(TimeSpan.Zero, "busy"));
        }

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
