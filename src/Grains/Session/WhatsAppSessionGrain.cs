using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Sessions;
using Channels.Grains.Abstractions;
using Channels.Grains.Connector;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Session;

/// <summary>Looks after one account's pairing: gets codes, notices what becomes of the connection, brings it back, and keeps the account's status true.</summary>
/// <remarks>
/// What its gateway says comes from <see cref="Account.AccountGrain"/>; when it must act by itself stands in its row, and the sweep wakes it then: no
/// timer and no reminder is needed, and a crash forgets nothing but the code, which the gateway gives again. <see cref="SessionLife"/> decides.
/// </remarks>
internal sealed class WhatsAppSessionGrain : Grain, IWhatsAppSessionGrain
{
    /// <summary>Below the 30 s after which the caller gives up.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);

    /// <summary>A gateway asked for codes more often answers with the same one.</summary>
    private static readonly TimeSpan BetweenCodes = TimeSpan.FromSeconds(3);

    /// <summary>Unanswered questions before the connector is said to be down.</summary>
    private const int Tolerated = 3;

    private readonly IChannelDirectory _directory;
    private readonly IConnectorCatalog _connectors;
    private readonly SessionLife _life;
    private readonly SessionOptions _options;
    private readonly SessionKeeping _keeping;
    private readonly GatewayGates _gates;
    private readonly TimeProvider _clock;
    private readonly ILogger<WhatsAppSessionGrain> _logger;
    private readonly Pump _pump;

    // One attempt at a time reaches the gateway.
    private readonly OneAtATime _one = new();
    private PairingCode? _code;
    private DateTimeOffset _codeExpiresAt;
    private DateTimeOffset _askedForCode;
    private DateTimeOffset _watchedUntil;
    private string? _number;

    public WhatsAppSessionGrain(
        IChannelDirectory directory, IConnectorCatalog connectors, SessionLife life, SessionOptions options, ISessionStore store, IChannelStatuses statuses,
        GatewayGates gates, TimeProvider clock, ILogger<WhatsAppSessionGrain> logger)
    {
        _directory = directory;
        _connectors = connectors;
        _life = life;
        _options = options;
        _gates = gates;
        _clock = clock;
        _logger = logger;
        _keeping = new SessionKeeping(store, statuses, life, directory, clock, logger, WakeDeliveryAsync);
        _pump = new Pump(LookAsync, clock, logger);
    }

    private AccountId Account => new(this.GetPrimaryKey());

    private DateTimeOffset Now => _clock.GetUtcNow();

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _pump.StopAsync();

    /// <inheritdoc/>
    public Task<PairingResult> StartAsync(TenantId tenant, string? number, CancellationToken cancellationToken)
    {
        _number = number;
        return CarryOutAsync(
            tenant, (target, token) => TellAsync(target, () => target.Connector.PairAsync(target.Channel.Connection, number, token), asked: true), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<PairingResult> RestartAsync(TenantId tenant, CancellationToken cancellationToken) =>
        CarryOutAsync(
        tenant, (target, token) => TellAsync(target, () => target.Connector.RestartAsync(target.Channel.Connection, token), asked: true), cancellationToken);

    /// <inheritdoc/>
    public Task<PairingResult> LogOutAsync(TenantId tenant, bool remove, CancellationToken cancellationToken) => CarryOutAsync(
        tenant,
        async (target, token) =>
        {
            var connection = target.Channel.Connection;
            var refusal = remove ? await target.Connector.RemoveAsync(connection, token) : await target.Connector.LogOutAsync(connection, token);
            if (refusal is null)
            {
                ForgetCode();
                await _keeping.KeepAsync(target.Channel, SessionLife.LoggedOut(_keeping.Of(target.Channel), remove, Now));
            }

            return refusal ?? new ActivationOutcome.Active();
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task StopAsync(TenantId tenant)
    {
        if (await FindAsync(tenant, CancellationToken.None) is { } target)
        {
            ForgetCode();
            await _keeping.KeepAsync(target.Channel, SessionLife.SwitchedOff(_keeping.Of(target.Channel), Now));
        }
    }

    /// <inheritdoc/>
    public async Task<PairingState?> WatchAsync(TenantId tenant)
    {
        if (await FindAsync(tenant, CancellationToken.None) is not { } target)
        {
            return null;
        }

        _watchedUntil = Now + _options.WatchFor;
        if (MustRenewCode(_keeping.Of(target.Channel)))
        {
            _pump.Signal();
        }

        return StateOf(target.Channel);
    }

    /// <inheritdoc/>
    public async Task ObserveAsync(TenantId tenant, ImmutableArray<SessionSign> signs)
    {
        if (await FindAsync(tenant, CancellationToken.None) is not { } target)
        {
            return;
        }

        var session = _keeping.Of(target.Channel);
        foreach (var sign in signs)
        {
            var next = _life.After(session, sign, OwnerOf(target), Now);
            if (sign.Code is { } code && next.Status == SessionStatus.ScanQrCode)
            {
                Show(target, code, sign.At);
            }

            session = next;
        }

        await _keeping.KeepAsync(target.Channel, session);
        if (session.Status == SessionStatus.Working)
        {
            await HealthyAsync(target);
        }
    }

    /// <inheritdoc/>
    public Task WakeAsync()
    {
        _pump.Signal();
        return Task.CompletedTask;
    }

    private async Task<Target?> FindAsync(TenantId? tenant, CancellationToken cancellationToken)
    {
        if (await _directory.FindAsync(Account, cancellationToken) is not { } channel || (tenant is { } owner && owner != channel.Tenant)
            || _connectors.Find(channel.Kind) is not IPairingConnector connector)
        {
            return null;
        }

        await _keeping.LoadAsync(channel, cancellationToken);
        return new Target(channel, connector);
    }

    // What the API asks for. The gateway's answer is awaited, within the limit, a place at the gateway included.
    private async Task<PairingResult> CarryOutAsync(
        TenantId tenant, Func<Target, CancellationToken, Task<ActivationOutcome>> act, CancellationToken cancellationToken)
    {
        // Settings may just have been corrected.
        _directory.Forget(Account);
        if (await FindAsync(tenant, cancellationToken) is not { } target)
        {
            return new PairingResult(ActivationReading.Unknown, null);
        }

        using var limit = new CancellationTokenSource(CallLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        ActivationOutcome outcome;
        try
        {
            outcome = await OneAtATimeAsync(target, () => act(target, either.Token), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var silence = new ActivationOutcome.Unreachable($"the gateway did not answer within {CallLimit.TotalSeconds:0} seconds");
            outcome = await TellAsync(target, () => Task.FromResult<ActivationOutcome>(silence), asked: true);
        }

        var state = StateOf(target.Channel);
        SessionLog.Asked(_logger, Account, state.Session, state.ReasonCode);
        var result = ActivationReading.Of(outcome, Now) with { Status = state.Account };
        return new PairingResult(
            result.Success
                ? result with { Code = state.ReasonCode, Reason = state.Reason, NextStep = state.NextStep, ActivatedAt = state.Account == AccountStatus.Active ? Now : null }
                : result,
            state);
    }

    private async Task<TResult> OneAtATimeAsync<TResult>(Target target, Func<Task<TResult>> act, CancellationToken cancellationToken)
    {
        using var one = await _one.EnterAsync(cancellationToken);
        using var place = await _gates.EnterAsync(target.Connector.GatewayOf(target.Channel.Connection), target.Channel.Tenant, cancellationToken);
        return await act();
    }

    // Tells the gateway to connect, and keeps what it answered.
    private async Task<ActivationOutcome> TellAsync(Target target, Func<Task<ActivationOutcome>> tell, bool asked)
    {
        var wasWorking = _keeping.Of(target.Channel).Status == SessionStatus.Working;
        var outcome = await tell();
        switch (outcome)
        {
            case ActivationOutcome.Connecting { Code: { IsEmpty: false } code }:
                Show(target, code, Now);
                await HealthyAsync(target, always: true);
                break;
            case ActivationOutcome.Active or ActivationOutcome.Connecting:
                await HealthyAsync(target, always: true);
                break;
            case ActivationOutcome.Refused refused:
                await ConnectorOf(target).ReportBlockedAsync(target.Channel.Tenant, refused.Code, refused.Reason);
                break;
            case ActivationOutcome.Unreachable:
                await ConnectorOf(target).ReportFailureAsync(SessionWords.Unreachable);
                break;
        }

        var session = _keeping.Of(target.Channel);
        session = outcome is ActivationOutcome.Connecting && !wasWorking && session.Status == SessionStatus.Working
            // The code was scanned, or the connection came back, while the gateway wrote its answer.
            ? _life.CheckSoon(session, Now)
            : _life.After(asked ? _life.Asked(session, Now) : session, outcome, OwnerOf(target), Now);
        await _keeping.KeepAsync(target.Channel, session);
        return outcome;
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        while (await FindAsync(null, cancellationToken) is { } target)
        {
            var session = _keeping.Of(target.Channel);
            if (MustRenewCode(session))
            {
                await OneAtATimeAsync(target, () => RenewCodeAsync(target, cancellationToken), cancellationToken);
            }
            else if (session.DueAt <= Now)
            {
                await OneAtATimeAsync(target, () => AttendAsync(target, cancellationToken), cancellationToken);
            }
            else
            {
                return;
            }
        }
    }

    private async Task<bool> RenewCodeAsync(Target target, CancellationToken cancellationToken)
    {
        // Somebody else may have got one, or the phone was paired, while we waited for our place.
        if (MustRenewCode(_keeping.Of(target.Channel)))
        {
            _askedForCode = Now;
            await TellAsync(target, () => target.Connector.PairAsync(target.Channel.Connection, _number, cancellationToken), asked: false);
        }

        return true;
    }

    // Asks how the session stands, and tells the gateway to connect where it does not by itself.
    private async Task<bool> AttendAsync(Target target, CancellationToken cancellationToken)
    {
        var before = _keeping.Of(target.Channel);
        var reading = await target.Connector.ReadSessionAsync(target.Channel.Connection, before.OwnId is null, cancellationToken);
        await ReportAsync(target, reading, before.Attempts);

        // What a webhook said meanwhile counts as well.
        var session = _keeping.Of(target.Channel);
        var next = _life.After(session, reading, OwnerOf(target), Now);
        if (next.Status != session.Status)
        {
            SessionLog.Found(_logger, Account, session.Status, next.Status, reading.GetType().Name);
        }

        await _keeping.KeepAsync(target.Channel, next);
        if (SessionLife.MustConnect(session, reading))
        {
            var outcome = await TellAsync(target, () => target.Connector.PairAsync(target.Channel.Connection, _number, cancellationToken), asked: false);
            SessionLog.BroughtBack(_logger, Account, next.Attempts, outcome.GetType().Name);
        }

        return true;
    }

    private async Task ReportAsync(Target target, SessionReading reading, int attempts)
    {
        switch (reading)
        {
            case SessionReading.Refused refused:
                await ConnectorOf(target).ReportBlockedAsync(target.Channel.Tenant, refused.Code, refused.Reason);
                break;
            case SessionReading.Unreachable unreachable when attempts + 1 >= Tolerated:
                await ConnectorOf(target).ReportBlockedAsync(target.Channel.Tenant, SessionWords.Unreachable, unreachable.Reason);
                break;
            case SessionReading.Unreachable:
                await ConnectorOf(target).ReportFailureAsync(SessionWords.Unreachable);
                break;
            default:
                await HealthyAsync(target);
                break;
        }
    }

    // The gateway answers: what was held against it is forgotten.
    private async Task HealthyAsync(Target target, bool always = false)
    {
        if (always || target.Channel.ConnectorStatus != ConnectorStatus.Active)
        {
            await ConnectorOf(target).ReportHealthyAsync(target.Channel.Tenant);
            _directory.Forget(Account);
            await WakeDeliveryAsync();
        }
    }

    private bool MustRenewCode(SessionState session) =>
        session.Status == SessionStatus.ScanQrCode && _watchedUntil > Now && (_code is null || _codeExpiresAt <= Now) && Now - _askedForCode >= BetweenCodes;

    private void Show(Target target, PairingCode code, DateTimeOffset since)
    {
        var life = target.Connector.CodeLife < _options.CodeLife ? target.Connector.CodeLife : _options.CodeLife;
        if (since + life > _codeExpiresAt || _code is null)
        {
            (_code, _codeExpiresAt) = (code, since + life);
        }
    }

    private void ForgetCode() => _code = null;

    private PairingState StateOf(ChannelEntry channel)
    {
        var session = _keeping.Of(channel);
        var code = session.Status == SessionStatus.ScanQrCode && _codeExpiresAt > Now ? _code : null;
        return new PairingState(
            _keeping.StatusOf(channel), session.Status, session.Since, code, code is null ? null : _codeExpiresAt, session.Code, session.Reason,
            session.Status == SessionStatus.ScanQrCode && code is null ? "Wait a moment: a new code is on its way." : session.NextStep, session.OwnId);
    }

    private static SessionOwner OwnerOf(Target target) =>
        new(target.Channel.Connection.Identity, ownId => target.Connector.IsSameAccount(target.Channel.Connection.Identity, ownId));

    private IConnectorGrain ConnectorOf(Target target) => GrainFactory.GetGrain<IConnectorGrain>(target.Channel.Connector.Value);

    private Task WakeDeliveryAsync() => GrainFactory.GetGrain<IDeliveryGrain>(this.GetPrimaryKey()).WakeAsync();

    private sealed record Target(ChannelEntry Channel, IPairingConnector Connector);
}
