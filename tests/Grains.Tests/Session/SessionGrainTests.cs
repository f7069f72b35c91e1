using System.Reflection;
using System.Text.Json;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Outbox;
using Channels.Core.Sessions;
using Channels.GrainHosting;
using Channels.Grains.Abstractions;
using Channels.Grains.Delivery;
using Channels.Grains.Session;
using Channels.Grains.Tests.Delivery;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Tests.Session;

/// <summary>What comes between a call to a gateway and what follows from its answer.</summary>
public sealed class SessionGrainTests : IChannelDirectory, IConnectorCatalog, ISessionStore, IChannelStatuses, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ManualClock _clock = new();
    private readonly TenantId _tenant = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private readonly AccountId _account = new(Guid.Parse("22222222-2222-2222-2222-222222222222"));
    private readonly PairingCode _given = PairingCode.Of("2@code", null, null)!;
    private readonly TaskCompletionSource _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _mayGoOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PairedKind _kind;
    private Func<Connection, Task<ActivationOutcome>> _pair;
    private volatile string _identity = "5491150000001";
    private volatile SessionState? _session;
    private GrainHost _host = null!;

    public SessionGrainTests() =>
        (_kind, _pair) = (new PairedKind(this), _ => Task.FromResult<ActivationOutcome>(new ActivationOutcome.Connecting("scan", _given)));

    public IReadOnlyCollection<IConnector> All => [_kind];

    private IWhatsAppSessionGrain Session => _host.Grains.GetGrain<IWhatsAppSessionGrain>(_account.Value);

    public async Task InitializeAsync() => _host = await GrainHost.StartAsync(options =>
    {
        options.Assemblies.Add(typeof(WhatsAppSessionGrain).Assembly);
        var sessions = new SessionOptions();
        options.Services = services => services
            .AddSingleton<TimeProvider>(_clock)
            .AddSingleton(new IdSource(_clock))
            .AddSingleton(sessions)
            .AddSingleton(new SessionLife(sessions, new Random(7)))
            .AddSingleton(new GatewayGates(sessions.AtOncePerGateway, sessions.PerSecondPerGateway, _clock))
            .AddSingleton<IChannelDirectory>(this)
            .AddSingleton<IConnectorCatalog>(this)
            .AddSingleton<ISessionStore>(this)
            .AddSingleton<IChannelStatuses>(this)

            // Replies are woken for, and there are none.
            .AddSingleton(DispatchProxy.Create<IOutbox, NothingWaits>())
            .AddSingleton<IMediaStore>(new MediaInMemory())
            .AddSingleton<OutboundFiles>()
            .AddSingleton(new Closing(new StoppableLifetime()))
            .AddSingleton<EvenClock>()
            .AddSingleton<LostSends>();
    });

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_code_is_shown_though_the_gateway_says_meanwhile_that_it_is_connecting()
    {
        var starting = Session.StartAsync(_tenant, null, default);
        await _reported.Task.WaitAsync(Patience);

        await Session.ObserveAsync(_tenant, [new SessionSign(EventKinds.ConnectionConnecting, _clock.GetUtcNow(), null, false, null, null)]);
        _mayGoOn.SetResult();

        var state = (await starting.WaitAsync(Patience)).State!;
        Assert.Equal((SessionStatus.ScanQrCode, _given), (state.Session, state.Code));
    }

    [Fact]
    public async Task What_a_gateway_took_that_was_told_with_earlier_settings_says_nothing_of_the_one_they_name_now()
    {
        _mayGoOn.SetResult();
        var (before, first, second) = (_identity, NewSource<bool>(), NewSource<bool>());
        var answer = NewSource<ActivationOutcome>();
        _pair = connection =>
        {
            (connection.Identity == before ? first : second).TrySetResult(true);
            return answer.Task;
        };
        var starting = Session.StartAsync(_tenant, null, default);
        await first.Task.WaitAsync(Patience);

        _identity = "5491150000002";
        await Session.CheckAsync(_tenant);
        answer.SetResult(new ActivationOutcome.Active());
        await starting.WaitAsync(Patience);

        await second.Task.WaitAsync(Patience);
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => ValueTask.FromResult<ChannelEntry?>(new(
        _tenant, new ConnectorId(_tenant.Value), account, "fake", ConnectorStatus.Pending, AccountStatus.Pending, null,
        new Connection(_tenant, account, _identity, default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/")), AgentSettings.None, ChannelPolicy.Default, false));

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    IConnector? IConnectorCatalog.Find(string kind) => _kind;

    Task<SessionState?> ISessionStore.LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult(_session);

    Task ISessionStore.SaveAsync(TenantId tenant, AccountId account, SessionState session, CancellationToken cancellationToken)
    {
        _session = session;
        return Task.CompletedTask;
    }

    Task<bool> IChannelStatuses.SetAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken) => Task.FromResult(true);

    Task<bool> IChannelStatuses.ObserveAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    // That the gateway answers is being written down.
    async Task<bool> IChannelStatuses.SetConnectorAsync(
        TenantId tenant, ConnectorId connector, ConnectorStatus status, string? code, string? reason, CancellationToken cancellationToken)
    {
        _reported.TrySetResult();
        await _mayGoOn.Task;
        return true;
    }

    Task IChannelStatuses.HoldAccountAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IChannelStatuses.SetTenantSuspendedAsync(TenantId tenant, bool suspended, string? reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    private static TaskCompletionSource<TAnswer> NewSource<TAnswer>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class PairedKind(SessionGrainTests test) : IPairingConnector
    {
        public ChannelManifest Manifest { get; } = new("fake", "Fake", "1", "none", JsonSerializer.SerializeToElement(new { }), new ChannelLimits(1_000, null, 1), TimeSpan.Zero);

        public TimeSpan CodeLife => TimeSpan.FromSeconds(45);

        public string GatewayOf(Connection connection) => "http://gateway";

        public bool IsSameAccount(string identity, string ownId) => true;

        public Task<ActivationOutcome> PairAsync(Connection connection, string? number, CancellationToken cancellationToken) => test._pair(connection);

        public Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<SessionReading> ReadSessionAsync(Connection connection, bool identify, CancellationToken cancellationToken) =>
            Task.FromResult<SessionReading>(new SessionReading.Open(null));

        public Task<ActivationOutcome> RestartAsync(Connection connection, bool isIdle, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ActivationOutcome?> LogOutAsync(Connection connection, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ActivationOutcome?> RemoveAsync(Connection connection, CancellationToken cancellationToken) => throw new NotSupportedException();

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    /// <summary>Nobody asks: the channel may not send yet.</summary>
    public class NothingWaits : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new NotSupportedException();
    }
}
