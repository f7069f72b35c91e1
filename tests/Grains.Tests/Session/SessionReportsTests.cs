using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Grains.Session;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Tests.Session;

/// <summary>What is shown of a session and its connector while the gateway answers and refuses what it is told.</summary>
public sealed class SessionReportsTests : IChannelDirectory, IConnectorGrain
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TenantId Tenant = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private readonly SessionOptions _options = new();
    private readonly SessionOwner _owner = new("5491150000001", _ => true);
    private readonly List<string> _connector = [];
    private readonly List<string> _account = [];
    private readonly SessionLife _life;
    private readonly SessionReports _reports;
    private ConnectorStatus _status = ConnectorStatus.Active;
    private DateTimeOffset _now = Noon;
    private int _told;

    public SessionReportsTests()
    {
        _life = new SessionLife(_options, new Random(7));
        _reports = new SessionReports(_ => this, this, () => Task.CompletedTask);
    }

    [Fact]
    public async Task A_session_that_its_gateway_refuses_to_make_is_in_error_once()
    {
        var session = _life.Asked(_life.First(AccountStatus.Pending, Noon), Noon);
        Show(session);
        for (var pass = 0; pass < 20; pass++)
        {
            session = await PassAsync(session, new SessionReading.Missing(), new ActivationOutcome.Refused("session-limit", "Only the session 'default' is free."));
        }

        Assert.Equal(20, _told);
        Assert.Equal(["error session-limit"], _connector);
        Assert.Equal(["Connecting starting", "Error session-limit"], _account);
    }

    [Fact]
    public async Task A_connection_that_fails_also_when_it_is_restarted_is_in_error_once_until_it_works()
    {
        var session = _life.After(_life.First(AccountStatus.Active, Noon), new SessionReading.Open(null), _owner, Noon);
        Show(session);
        var failing = new ActivationOutcome.Refused("session-failed", "the session's engine fails, also after a restart");
        for (var pass = 0; pass < 40; pass++)
        {
            // As the gateway begins what it was told, it says so.
            session = _life.After(session, new SessionSign(EventKinds.ConnectionConnecting, _now, null, false, null, null), _owner, _now);
            session = await PassAsync(session, new SessionReading.Closed(pass % 2 == 0 ? null : true), failing);
        }

        Assert.InRange(_told, 5, 40);
        Assert.Equal(["error session-failed"], _connector);
        Assert.Equal(["Active", "Connecting reconnecting", "Error session-failed"], _account);

        // Also of one that opens by itself the gateway has to take what it is told.
        session = await PassAsync(session, new SessionReading.Open(null), failing);
        Assert.Equal("Error session-failed", _account[^1]);
        await PassAsync(session, new SessionReading.Open(null), new ActivationOutcome.Active());
        Assert.Equal(["error session-failed", "active"], _connector);
        Assert.Equal("Active", _account[^1]);
    }

    [Fact]
    public async Task One_that_takes_what_it_is_told_again_is_well()
    {
        var session = _life.Asked(_life.First(AccountStatus.Pending, Noon), Noon);
        session = await PassAsync(session, new SessionReading.Missing(), new ActivationOutcome.Refused("session-limit", "No."));
        await PassAsync(session, new SessionReading.Missing(), new ActivationOutcome.Connecting("wait"));

        Assert.Equal(["error session-limit", "active"], _connector);
    }

    [Fact]
    public async Task One_that_waits_for_a_phone_after_all_is_well()
    {
        var session = _life.Asked(_life.First(AccountStatus.Pending, Noon), Noon);
        session = await PassAsync(session, new SessionReading.Missing(), new ActivationOutcome.Refused("session-limit", "No."));
        await PassAsync(session, new SessionReading.Connecting(false), new ActivationOutcome.Refused("session-limit", "No."));

        Assert.Equal(["error session-limit", "active"], _connector);
    }

    [Fact]
    public async Task One_that_was_silent_is_well_when_it_answers()
    {
        var session = _life.Asked(_life.First(AccountStatus.Pending, Noon), Noon);
        session = _life.After(session, new ActivationOutcome.Unreachable("away"), _owner, Noon);
        _status = ConnectorStatus.Error;
        Show(await PassAsync(session, new SessionReading.Closed(null), new ActivationOutcome.Connecting("wait")));

        Assert.Equal(["active"], _connector);
        Assert.Equal("Connecting starting", _account[^1]);
    }

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IConnectorGrain.ReportBlockedAsync(TenantId tenant, string code, string reason) => Change(ConnectorStatus.Error, $"error {code}");

    Task IConnectorGrain.ReportHeldAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason) => throw new NotSupportedException();

    Task IConnectorGrain.ReportHealthyAsync(TenantId tenant) => Change(ConnectorStatus.Active, "active");

    Task<BreakerState> IConnectorGrain.ReportFailureAsync(string code) => throw new NotSupportedException();

    Task IConnectorGrain.ReportSuccessAsync() => throw new NotSupportedException();

    Task<BreakerState> IConnectorGrain.GetBreakerAsync() => throw new NotSupportedException();

    Task<ActivationResult> IConnectorGrain.ActivateAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IConnectorGrain.DisableAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    // As the session's grain goes about it: ask, keep, tell where it must be told.
    private async Task<SessionState> PassAsync(SessionState session, SessionReading reading, ActivationOutcome outcome)
    {
        _now = session.DueAt!.Value;
        var next = _life.After(session, reading, _owner, _now);
        await _reports.AddAsync(Channel(), reading, session.Attempts, next);
        Show(next);
        if (_life.OrderAfter(session, reading, DateTimeOffset.MinValue, _now) == SessionOrder.None)
        {
            return next;
        }

        _told++;
        await _reports.AddAsync(Channel(), outcome);
        next = _life.After(next, outcome, _owner, _now);
        Show(next);
        return next;
    }

    private void Show(SessionState session)
    {
        if (_life.StatusOf(session, Tenant, _now) is { } change && $"{change.Status} {change.Code}".Trim() is var shown && (_account.Count == 0 || _account[^1] != shown))
        {
            _account.Add(shown);
        }
    }

    private Task Change(ConnectorStatus status, string shown)
    {
        if (_status != status)
        {
            _status = status;
            _connector.Add(shown);
        }

        return Task.CompletedTask;
    }

    private ChannelEntry Channel() => new(
        Tenant, new ConnectorId(Tenant.Value), new AccountId(Tenant.Value), "fake", _status, AccountStatus.Active, null,
        new Connection(Tenant, new AccountId(Tenant.Value), "5491150000001", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/")), AgentSettings.None,
        ChannelPolicy.Default, false);
}
