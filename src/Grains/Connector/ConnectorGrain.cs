using Channels.Core;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Channels.Grains.Connector;

/// <summary>One connector's status, circuit breaker and provisioning.</summary>
internal sealed partial class ConnectorGrain(
    IChannelDirectory directory, IConnectorCatalog connectors, IChannelStatuses statuses, TimeProvider clock, ILogger<ConnectorGrain> logger) : Grain, IConnectorGrain
{
    /// <summary>Below the 30 s after which the caller gives up.</summary>
    private static readonly TimeSpan ActivationLimit = TimeSpan.FromSeconds(20);

    private readonly CircuitBreaker _breaker = new(clock);

    private ConnectorId Connector => new(this.GetPrimaryKey());

    /// <inheritdoc/>
    public async Task<ActivationResult> ActivateAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        directory.Forget(account);
        if (await directory.FindAsync(account, cancellationToken) is not { } channel || channel.Tenant != tenant || connectors.Find(channel.Kind) is not { } connector)
        {
            return ActivationReading.Unknown;
        }

        var outcome = await AskProviderAsync(connector, channel.Connection, cancellationToken);
        var result = ActivationReading.Of(outcome, clock.GetUtcNow());
        if (outcome is ActivationOutcome.Unreachable && channel.Status == AccountStatus.Active)
        {
            // That nobody answers says nothing about a channel that works: in error it would stay there, with nobody asking on its behalf, when the provider is back.
            Log.Activated(logger, Connector, channel.Status, result.Code);
            return result with { Status = channel.Status };
        }

        var working = outcome is ActivationOutcome.Active or ActivationOutcome.Connecting;
        var intake = working ? IntakeOf(connector, account) : null;
        if (intake is not null)
        {
            // Before it is active: should we die in between, nobody would ever ask for the messages of an account that says it is.
            await intake.StartAsync(tenant);
        }

        await statuses.SetConnectorAsync(
            tenant, Connector, working ? ConnectorStatus.Active : ConnectorStatus.Error, working ? null : result.Code, working ? null : result.Reason, cancellationToken);
        await statuses.SetAccountAsync(tenant, account, result.Status, result.Code, result.Reason, result.NextStep, cancellationToken);
        if (working)
        {
            _breaker.Succeeded();
        }

        if (intake is not null)
        {
            directory.Forget(account);
            await intake.WakeAsync();
        }

        Log.Activated(logger, Connector, result.Status, result.Code);
        return result;
    }

    /// <inheritdoc/>
    public async Task DisableAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        await statuses.SetAccountAsync(tenant, account, AccountStatus.Inactive, null, null, "Activate the channel to send again.", cancellationToken);
        await statuses.SetConnectorAsync(tenant, Connector, ConnectorStatus.Disabled, null, null, cancellationToken);
        directory.Forget(account);

        // After it is inactive: an intake that is due for such an account rests. The other way round, should we die in between, nobody would ever ask for the messages of
        // an account that says it is active.
        try
        {
            if (await directory.FindAsync(account, cancellationToken) is { } channel && connectors.Find(channel.Kind) is { } connector && IntakeOf(connector, account) is { } intake)
            {
                await intake.StopAsync(tenant);
            }
        }
        catch (StoreUnavailableException failure)
        {
            // It is off, and says so. Who asks its provider finds that out by themselves.
            Log.IntakeNotStopped(logger, Connector, failure.InnerException?.GetType().Name);
        }
    }

    /// <inheritdoc/>
    public Task<BreakerState> ReportFailureAsync(string code)
    {
        _breaker.Failed(code);
        return Task.FromResult(_breaker.State);
    }

    /// <inheritdoc/>
    public Task ReportSuccessAsync()
    {
        _breaker.Succeeded();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ReportHealthyAsync(TenantId tenant)
    {
        _breaker.Succeeded();
        return statuses.SetConnectorAsync(tenant, Connector, ConnectorStatus.Active, null, null, CancellationToken.None);
    }

    /// <inheritdoc/>
    public async Task ReportBlockedAsync(TenantId tenant, string code, string reason)
    {
        if (await statuses.SetConnectorAsync(tenant, Connector, ConnectorStatus.Error, code, reason, CancellationToken.None))
        {
            Log.Blocked(logger, Connector, code);
        }
    }

    /// <inheritdoc/>
    public Task ReportHeldAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason) =>
        statuses.HoldAccountAsync(tenant, account, until, reason, CancellationToken.None);

    /// <inheritdoc/>
    public Task<BreakerState> GetBreakerAsync() => Task.FromResult(_breaker.State);

    // Null for kinds whose provider is asked for nothing.
    private IIntakeGrain? IntakeOf(IConnector connector, AccountId account) =>
        connector is IPollingConnector or IWebhookWatch or IHealthWatch ? GrainFactory.GetGrain<IIntakeGrain>(account.Value) : null;

    private async Task<ActivationOutcome> AskProviderAsync(IConnector connector, Connection connection, CancellationToken cancellationToken)
    {
        if (connector is not IProvisioningConnector provisioning)
        {
            return new ActivationOutcome.Active();
        }

        using var limit = new CancellationTokenSource(ActivationLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await provisioning.ActivateAsync(connection, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ActivationOutcome.Unreachable($"the provider did not answer within {ActivationLimit.TotalSeconds:0} seconds");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3201, LogLevel.Information, "Connector {Connector} was activated: its account is {Status} ({Code})")]
        public static partial void Activated(ILogger logger, ConnectorId connector, AccountStatus status, string? code);

        [LoggerMessage(3203, LogLevel.Warning, "Connector {Connector} is off; its provider may be asked once more, as the store does not answer ({Problem})")]
        public static partial void IntakeNotStopped(ILogger logger, ConnectorId connector, string? problem);

        [LoggerMessage(3202, LogLevel.Warning, "Connector {Connector} is blocked: {Code}")]
        public static partial void Blocked(ILogger logger, ConnectorId connector, string code);
    }
}
