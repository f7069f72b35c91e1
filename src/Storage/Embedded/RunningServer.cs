namespace Channels.Storage.Embedded;

/// <summary>A living postmaster on our cluster, started by us or found.</summary>
internal sealed class RunningServer(ClusterDirectory cluster, LinuxProcess process)
{
    /// <summary>How often is said that a server still recovers.</summary>
    private static readonly TimeSpan BetweenWords = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(10);

    public LinuxProcess Process { get; } = process;

    /// <summary>Null while it starts, or once it ended.</summary>
    public PostmasterFile? Ready => PostmasterFile.Read(cluster) is { IsReady: true } file && file.ProcessId == Process.Id ? file : null;

    private bool IsRecovering => PostmasterFile.Read(cluster) is { IsStarting: true } file && file.ProcessId == Process.Id;

    /// <summary>The postmaster at work in this cluster, if any.</summary>
    public static async Task<RunningServer?> FindAsync(ClusterDirectory cluster, ServerAccount account, CancellationToken cancellationToken) =>
        PostmasterFile.Read(cluster) is { } file
        && await ClusterProcesses.OfAsync([file.ProcessId], cluster, account, cancellationToken) is [var postmaster]
            ? new(cluster, postmaster)
            : null;

    /// <summary>True when it takes connections, false when it ended or did not say within <paramref name="patience"/> what it is about.</summary>
    /// <param name="patience">Not with recovery, which has all the time it needs: ended before its end, it would begin at the same place again.</param>
    /// <param name="stillRecovering">Told every half minute since when.</param>
    public async Task<bool> BecameReadyAsync(TimeSpan patience, Action<TimeSpan> stillRecovering, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (!await UntilAsync(() => Ready is not null || !Process.IsAlive, patience < BetweenWords ? patience : BetweenWords, clock, cancellationToken))
        {
            var waited = clock.GetElapsedTime(started);
            if (IsRecovering)
            {
                stillRecovering(waited);
            }
            else if (waited > patience)
            {
                return false;
            }
        }

        return Ready is not null;
    }

    /// <summary>True when it ended within <paramref name="patience"/>.</summary>
    public Task<bool> EndedAsync(TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken) =>
        UntilAsync(() => !Process.IsAlive, patience, clock, cancellationToken);

    /// <summary>Stops it with a checkpoint; without, when that takes longer than <paramref name="patience"/>.</summary>
    public async Task<bool> StopAsync(TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken)
    {
        Process.Signal(PostmasterSignal.FastStop);
        if (await EndedAsync(patience, clock, cancellationToken))
        {
            return true;
        }

        Process.Signal(PostmasterSignal.ImmediateStop);
        await EndedAsync(patience, clock, cancellationToken);
        return false;
    }

    public static Task<bool> UntilAsync(Func<bool> condition, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken) =>
        UntilAsync(() => Task.FromResult(condition()), patience, clock, cancellationToken);

    public static async Task<bool> UntilAsync(Func<Task<bool>> condition, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (!await condition())
        {
            if (clock.GetElapsedTime(started) > patience)
            {
                return false;
            }

            await Task.Delay(BetweenLooks, clock, cancellationToken);
        }

        return true;
    }
}
