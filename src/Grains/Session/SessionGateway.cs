using Channels.Core.Channels;
using Channels.Core.Connectors;

namespace Channels.Grains.Session;

/// <summary>One account's way to its gateway: a place among the others, one attempt at a time, and not for longer than the limit.</summary>
/// <remarks>Used on its grain's scheduler only.</remarks>
internal sealed class SessionGateway(GatewayGates gates, TimeProvider clock)
{
    /// <summary>How long a person waits for a place. With <see cref="CallLimit"/> below the 30 s after which the caller gives up.</summary>
    private static readonly TimeSpan PlaceLimit = TimeSpan.FromSeconds(7);

    /// <summary>For all that one attempt asks.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);

    private static readonly string Silence = $"the gateway did not answer within {CallLimit.TotalSeconds:0} seconds";
    private readonly OneAtATime _one = new();

    /// <summary>For what is due by itself: waits for as long as it takes.</summary>
    public Task<IDisposable> EnterAsync(ChannelEntry channel, IPairingConnector connector, CancellationToken cancellationToken) =>
        EnterAsync(channel, connector, asked: false, cancellationToken);

    /// <summary>For what a person asked: null where there was no place in time.</summary>
    public async Task<IDisposable?> TryEnterAsync(ChannelEntry channel, IPairingConnector connector, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(PlaceLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await EnterAsync(channel, connector, asked: true, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Tells it something.</summary>
    public Task<ActivationOutcome> TellAsync(Func<CancellationToken, Task<ActivationOutcome>> tell, CancellationToken cancellationToken) =>
        LimitedAsync(tell, new ActivationOutcome.Unreachable(Silence), cancellationToken);

    /// <summary>Asks it how the session stands.</summary>
    public Task<SessionReading> AskAsync(Func<CancellationToken, Task<SessionReading>> ask, CancellationToken cancellationToken) =>
        LimitedAsync(ask, new SessionReading.Unreachable(Silence), cancellationToken);

    // The place at the gateway first: an account that waits for one must not keep a person from itself.
    private async Task<IDisposable> EnterAsync(ChannelEntry channel, IPairingConnector connector, bool asked, CancellationToken cancellationToken)
    {
        var place = await gates.EnterAsync(connector.GatewayOf(channel.Connection), channel.Tenant, asked, cancellationToken);
        try
        {
            return new Places(await _one.EnterAsync(cancellationToken), place);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private async Task<TAnswer> LimitedAsync<TAnswer>(Func<CancellationToken, Task<TAnswer>> call, TAnswer silence, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(CallLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return silence;
        }
    }

    private sealed class Places(IDisposable one, IDisposable atGateway) : IDisposable
    {
        public void Dispose()
        {
            one.Dispose();
            atGateway.Dispose();
        }
    }
}
