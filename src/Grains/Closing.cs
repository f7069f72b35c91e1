using Microsoft.Extensions.Hosting;

namespace Channels.Grains;

/// <summary>Whether this process is about to stop: its grains still run, and will be gone soon.</summary>
/// <param name="lifetime">The host's; without one nothing is known.</param>
internal sealed class Closing(IHostApplicationLifetime? lifetime = null)
{
    /// <summary>From the stop signal on.</summary>
    public bool IsClosing => lifetime?.ApplicationStopping.IsCancellationRequested ?? false;
}
