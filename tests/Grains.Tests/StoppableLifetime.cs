using Microsoft.Extensions.Hosting;

namespace Channels.Grains.Tests;

/// <summary>A host that can be told to stop.</summary>
internal sealed class StoppableLifetime : IHostApplicationLifetime
{
    private readonly CancellationTokenSource _stopping = new();

    public CancellationToken ApplicationStarted => default;

    public CancellationToken ApplicationStopping => _stopping.Token;

    public CancellationToken ApplicationStopped => default;

    public void StopApplication() => _stopping.Cancel();
}
