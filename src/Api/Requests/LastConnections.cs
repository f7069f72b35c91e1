using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Channels.Api.Requests;

/// <summary>Cuts off, some seconds after the signal to stop, whoever is still being served.</summary>
/// <remarks>
/// The server itself waits for them as long as the whole stop may take, and nothing behind it ends in order meanwhile: one client that sends or reads a byte
/// now and then is enough. Nothing is lost by it: a webhook that is not here yet was not acknowledged, and comes again.
/// </remarks>
internal sealed class LastConnections : IConfigureOptions<KestrelServerOptions>, IDisposable
{
    /// <summary>For what is nearly done: a commit, an answer under way.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenRegistration _stopping;

    public LastConnections(IHostApplicationLifetime lifetime, TimeProvider clock)
    {
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _stopping = lifetime.ApplicationStopping.Register(() => _over.CancelAfter(Patience));
    }

    /// <inheritdoc/>
    public void Configure(KestrelServerOptions options) =>
        options.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => ServeAsync(connection, next)));

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        _over.Dispose();
    }

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        await using var cut = _over.Token.UnsafeRegister(static open => ((ConnectionContext)open!).Abort(new ConnectionAbortedException("The server is stopping.")), connection);
        await next(connection);
    }
}
