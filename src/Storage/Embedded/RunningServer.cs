namespace Channels.Storage.Embedded;

/// <summary>A living postmaster on our cluster, started by us or found.</summary>
internal sealed class RunningServer(ClusterDirectory cluster, LinuxProcess process)
{
    private const string Program = "postgres";

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(10);

    public LinuxProcess Process { get; } = process;

    /// <summary>Null while it starts, or once it ended.</summary>
    public PostmasterFile? Ready => PostmasterFile.Read(cluster) is { IsReady: true } file && file.ProcessId == Process.Id ? file : null;

    /// <summary>The postmaster at work in this cluster, if any. A number in a file proves nothing; a process working in the directory does.</summary>
    public static RunningServer? Find(ClusterDirectory cluster) =>
        PostmasterFile.Read(cluster) is { } file
        && LinuxProcess.FindWorkingIn(cluster.RealPath, Program, file.ProcessId) is { } postmaster
            ? new(cluster, postmaster)
            : null;

    /// <summary>Processes of a server whose postmaster was killed. They see it, and leave; starting beside them would ruin the data.</summary>
    public static IReadOnlyList<LinuxProcess> Orphans(ClusterDirectory cluster) => [.. LinuxProcess.AllWorkingIn(cluster.RealPath, Program)];

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

    public static async Task<bool> UntilAsync(Func<bool> condition, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (!condition())
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
