using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
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
    private readonly IChannelDirectory _directory;
    private readonly IConnectorCatalog _connectors;
    private readonly SessionLife _life;
    private readonly SessionKeeping _keeping;
    private readonly SessionCode _code;
    private readonly SessionGateway _gateway;
    private readonly SessionReports _reports;
    private readonly TimeProvider _clock;
    private readonly ILogger<WhatsAppSessionGrain> _logger;
    private readonly Pump _pump;
    private string? _number;

    // Another phone may be paired since it was last asked.
    private bool _mustIdentify;

    // How often the settings have changed: what a gateway answers that was called with earlier ones may be another gateway's.
    private int _changes;

    // When the gateway was last seen to try by itself.
    private DateTimeOffset _triedAt;

    public WhatsAppSessionGrain(
        IChannelDirectory directory, IConnectorCatalog connectors, SessionLife life, SessionOptions options, ISessionStore store, IChannelStatuses statuses,
        GatewayGates gates, TimeProvider clock, ILogger<WhatsAppSessionGrain> logger)
    {
        _directory = directory;
        _connectors = connectors;
        _life = life;
        _gateway = new SessionGateway(gates, clock);
        _clock = clock;
        _logger = logger;
        _code = new SessionCode(options, clock);
        _reports = new SessionReports(connector => GrainFactory.GetGrain<IConnectorGrain>(connector.Value), directory, WakeDeliveryAsync);
        _keeping = new SessionKeeping(store, statuses, life, directory, clock, logger, WakeDeliveryAsync);
        _pump = new Pump(LookAsync, () => $"account {Account}", clock, logger);
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
            tenant,
            new Wish(
                (target, token) => target.Connector.PairAsync(target.Channel.Connection, number, token), SettleAsync,
                new ActivationOutcome.Connecting("The gateway is busy with other accounts; this one is connected as soon as there is a place."), Asks: true),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<PairingResult> RestartAsync(TenantId tenant, CancellationToken cancellationToken) => CarryOutAsync(
        tenant, new Wish((target, token) => TellRestartAsync(target, _life.IsIdle(_triedAt, Now), token), SettleAsync, Busy, Asks: true), cancellationToken);

    /// <inheritdoc/>
    public Task<PairingResult> LogOutAsync(TenantId tenant, bool remove, CancellationToken cancellationToken) => CarryOutAsync(
        tenant,
        new Wish(
            async (target, token) =>
                (remove ? await target.Connector.RemoveAsync(target.Channel.Connection, token) : await target.Connector.LogOutAsync(target.Channel.Connection, token))
                ?? new ActivationOutcome.Active(),
            (target, outcome, _) => EndAsync(target, outcome, remove), Busy, Asks: false),
        cancellationToken);

    /// <inheritdoc/>
    public async Task StopAsync(TenantId tenant)
    {
        if (await FindAsync(tenant, CancellationToken.None) is { } target)
        {
            await KeepAsync(target, SessionLife.SwitchedOff(_keeping.Of(target.Channel), Now));
        }
    }

    /// <inheritdoc/>
    public async Task CheckAsync(TenantId tenant)
    {
        _changes++;
        _directory.Forget(Account);
        if (await FindAsync(tenant, CancellationToken.None) is { } target && _keeping.Of(target.Channel) is { DueAt: not null } session)
        {
            _mustIdentify = true;
            await KeepAsync(target, _life.Changed(session, Now));
            _pump.Signal();
        }
    }

    /// <inheritdoc/>
    public async Task<PairingState?> WatchAsync(TenantId tenant)
    {
        if (await FindAsync(tenant, CancellationToken.None) is not { } target)
        {
            return null;
        }

        _code.Watch();
        if (_code.MustRenew(_keeping.Of(target.Channel)))
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
            _code.Hear(sign, next.Status, target.Connector.CodeLife);
            _triedAt = sign.Kind == EventKinds.ConnectionConnecting && (sign.At > _triedAt || _triedAt > Now) ? sign.At : _triedAt;
            _mustIdentify |= next.Status == SessionStatus.Working && session.Status != SessionStatus.Working;
            session = next;
        }

        await KeepAsync(target, session);
        if (session.Status == SessionStatus.Working)
        {
            await _reports.HealthyAsync(target.Channel);
        }
        else if (_code.MustRenew(session))
        {
            _pump.Signal();
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
        var changes = _changes;
        if (await _directory.FindAsync(Account, cancellationToken) is not { } channel || (tenant is { } owner && owner != channel.Tenant)
            || _connectors.Find(channel.Kind) is not IPairingConnector connector)
        {
            return null;
        }

        await _keeping.LoadAsync(channel, cancellationToken);
        return new Target(channel, connector, changes);
    }

    // What the API asks for. The gateway's answer is awaited, within the limits.
    private async Task<PairingResult> CarryOutAsync(TenantId tenant, Wish wish, CancellationToken cancellationToken)
    {
        // Settings may just have been corrected.
        _directory.Forget(Account);
        if (await FindAsync(tenant, cancellationToken) is not { } target)
        {
            return new PairingResult(ActivationReading.Unknown, null);
        }

        if (wish.Asks)
        {
            // Kept first: after a crash it is carried out all the same.
            await KeepAsync(target, _life.Asked(_keeping.Of(target.Channel), Now));
        }

        using var place = await _gateway.TryEnterAsync(target.Channel, target.Connector, cancellationToken);
        var outcome = place is null ? wish.WhenBusy : await TellAsync(target, wish.Act, wish.Settle, cancellationToken);
        var state = StateOf(target.Channel);
        SessionLog.Asked(_logger, Account, state.Session, state.ReasonCode);
        var result = ActivationReading.Of(outcome, Now) with { Status = state.Account };
        return new PairingResult(
            result.Success
                ? result with { Code = state.ReasonCode, Reason = state.Reason, NextStep = state.NextStep, ActivatedAt = state.Account == AccountStatus.Active ? Now : null }
                : result,
            state);
    }

    // Tells the gateway something, within the limit, and keeps what follows from its answer.
    private async Task<ActivationOutcome> TellAsync(
        Target target, Func<Target, CancellationToken, Task<ActivationOutcome>> act, Func<Target, ActivationOutcome, Before, Task<ActivationOutcome>> settle,
        CancellationToken cancellationToken)
    {
        var before = new Before(_keeping.Of(target.Channel).Status == SessionStatus.Working, _code.Last);
        return await settle(target, await _gateway.TellAsync(token => act(target, token), cancellationToken), before);
    }

    // One that is open all the same may never have been told where to post.
    private async Task<ActivationOutcome> TellRestartAsync(Target target, bool isIdle, CancellationToken cancellationToken)
    {
        var outcome = await target.Connector.RestartAsync(target.Channel.Connection, isIdle, cancellationToken);
        return outcome is ActivationOutcome.Active && SessionLife.IsUntold(_keeping.Of(target.Channel))
            ? await target.Connector.PairAsync(target.Channel.Connection, _number, cancellationToken)
            : outcome;
    }

    // After connecting or restarting.
    private async Task<ActivationOutcome> SettleAsync(Target target, ActivationOutcome outcome, Before before)
    {
        var session = _keeping.Of(target.Channel);
        if (SessionLife.IsOff(session))
        {
            return outcome;
        }

        // First: while this waits a webhook may say that the connection is on its way, and then a code that was taken already would be forgotten as one that was used.
        await _reports.AddAsync(target.Channel, outcome);
        session = _keeping.Of(target.Channel);
        if (outcome is ActivationOutcome.Connecting { Code: { IsEmpty: false } code } && _code.IsUsed(code))
        {
            outcome = new ActivationOutcome.Connecting("Wait a moment: a new code is on its way.");
        }

        // A code that a webhook brought meanwhile is newer than the one in the answer.
        if (outcome is ActivationOutcome.Connecting { Code: { IsEmpty: false } given } && _code.Last == before.Code)
        {
            _code.Offer(given, Now, target.Connector.CodeLife);
        }

        await KeepAsync(
            target,
            target.Changes != _changes || (outcome is ActivationOutcome.Connecting && !before.WasWorking && session.Status == SessionStatus.Working)
                // The settings changed, the code was scanned, or the connection came back, while the gateway wrote its answer.
                ? _life.CheckSoon(session, Now)
                : _life.After(session, outcome, OwnerOf(target), Now));
        return outcome;
    }

    // After logging out or taking away. What did not happen changes nothing.
    private async Task<ActivationOutcome> EndAsync(Target target, ActivationOutcome outcome, bool removed)
    {
        if (outcome is ActivationOutcome.Active)
        {
            await KeepAsync(target, SessionLife.LoggedOut(_keeping.Of(target.Channel), removed, Now));
        }

        return outcome;
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        while (await FindAsync(null, cancellationToken) is { } target)
        {
            var session = _keeping.Of(target.Channel);
            if (_keeping.IsBehind)
            {
                await KeepAsync(target, session);
            }
            else if (_code.MustRenew(session) || _life.IsDue(session, Now))
            {
                using var place = await _gateway.EnterAsync(target.Channel, target.Connector, cancellationToken);
                await AttendAsync(target, cancellationToken);
            }
            else
            {
                return;
            }
        }
    }

    // Asks how the session stands, and tells the gateway what follows from it.
    private async Task AttendAsync(Target target, CancellationToken cancellationToken)
    {
        // Somebody else may have seen to it while we waited for our place.
        var before = _keeping.Of(target.Channel);
        var renews = _code.MustRenew(before);
        if (target.Changes != _changes || (!renews && !_life.IsDue(before, Now)))
        {
            return;
        }

        if (renews)
        {
            _code.Ask();
        }

        var connection = target.Channel.Connection;
        var identifies = renews || _mustIdentify || before.OwnId is null;
        var reading = await _gateway.AskAsync(token => target.Connector.ReadSessionAsync(connection, identifies, token), cancellationToken);
        _mustIdentify &= reading is not SessionReading.Open || target.Changes != _changes;

        // What was said meanwhile counts as well.
        var session = _keeping.Of(target.Channel);
        if (SessionLife.IsOff(session) || target.Changes != _changes)
        {
            return;
        }

        await _reports.AddAsync(target.Channel, reading, before.Attempts, _life.After(session, reading, OwnerOf(target), Now));
        session = _keeping.Of(target.Channel);
        var next = _life.After(session, reading, OwnerOf(target), Now);
        if (next.Status != session.Status)
        {
            SessionLog.Found(_logger, Account, session.Status, next.Status, reading.GetType().Name);
        }

        await KeepAsync(target, next);

        // A new code only of a connection that waits for a phone: told to connect in the moment in which one was scanned, a gateway opens a second one.
        var order = renews && reading is SessionReading.Connecting { IsPaired: not true } ? SessionOrder.Pair : _life.OrderAfter(session, reading, _triedAt, Now);
        if (order != SessionOrder.None && _keeping.Of(target.Channel) == next && target.Changes == _changes)
        {
            var outcome = await TellAsync(
                target, (_, token) => order == SessionOrder.Restart ? TellRestartAsync(target, isIdle: true, token) : target.Connector.PairAsync(connection, _number, token),
                SettleAsync, cancellationToken);
            SessionLog.Told(_logger, Account, order, next.Attempts, outcome.GetType().Name);
        }
    }

    private async Task KeepAsync(Target target, SessionState session)
    {
        if (session.Status != SessionStatus.ScanQrCode)
        {
            _code.Forget();
        }

        try
        {
            await _keeping.KeepAsync(target.Channel, session);
        }
        catch
        {
            // Memory knows what the store does not: nobody else would notice.
            _pump.Signal();
            throw;
        }
    }

    private PairingState StateOf(ChannelEntry channel)
    {
        var session = _keeping.Of(channel);
        var code = _code.Current(session);
        return new PairingState(
            _keeping.StatusOf(channel), session.Status, session.Since, code, code is null ? null : _code.ExpiresAt, session.Code, session.Reason,
            session.Status == SessionStatus.ScanQrCode && code is null ? "Wait a moment: a new code is on its way." : session.NextStep, session.OwnId);
    }

    private static SessionOwner OwnerOf(Target target) =>
        new(target.Channel.Connection.Identity, ownId => target.Connector.IsSameAccount(target.Channel.Connection.Identity, ownId));

    private Task WakeDeliveryAsync() => GrainFactory.GetGrain<IDeliveryGrain>(this.GetPrimaryKey()).WakeAsync();

    private static ActivationOutcome.Unreachable Busy => new("the gateway is busy with other calls, and nothing was changed: try again in a moment");

    private sealed record Target(ChannelEntry Channel, IPairingConnector Connector, int Changes);

    // What a person wants of the gateway; how its answer is settled; what to say when there was no place; whether it switches the channel on.
    private sealed record Wish(
        Func<Target, CancellationToken, Task<ActivationOutcome>> Act, Func<Target, ActivationOutcome, Before, Task<ActivationOutcome>> Settle,
        ActivationOutcome WhenBusy, bool Asks);

    private readonly record struct Before(bool WasWorking, PairingCode? Code);
}
