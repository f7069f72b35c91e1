using System.Globalization;

namespace Channels.Storage.Embedded;

/// <summary>The user of the system that the server runs as: ourselves, or, when we are root, somebody who is not.</summary>
/// <remarks>Postgres refuses to run as root, and is right: its superuser can run programs.</remarks>
internal sealed record ServerAccount(string Name, int UserId, int GroupId)
{
    private const int Root = 0;

    /// <summary>The ways to become another user, best first: setpriv and runuser come with util-linux, su with everything.</summary>
    private IEnumerable<string[]> Switches =>
    [
        ["setpriv", $"--reuid={UserId}", $"--regid={GroupId}", "--clear-groups", "--"],
        ["runuser", "-u", Name, "--"],
        ["su", "-s", "/bin/sh", "-c", "exec \"$@\"", "--", Name, "sh"],
    ];

    /// <summary>What to put before a command so that this user runs it. Empty when that is us.</summary>
    public IReadOnlyList<string> Switch { get; private init; } = [];

    public bool IsSomebodyElse => Switch.Count > 0;

    /// <summary>Whoever owns the cluster that is there, else whoever should own a new one.</summary>
    public static async Task<ServerAccount> ForAsync(ClusterDirectory cluster, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            var self = await AskAsync("echo \"$(id -un):x:$(id -u):$(id -g)\"", cancellationToken)
                ?? throw new EmbeddedPostgresException(EmbeddedPostgresProblem.NoUnprivilegedUser, "The system does not say who runs this process.", "Check that 'id' works.");
            return cluster.OwnerId is { } owner && owner != self.UserId ? throw BelongsTo(cluster, cluster.OwnerName) : self;
        }

        if (cluster.OwnerId == Root)
        {
            throw new EmbeddedPostgresException(
                EmbeddedPostgresProblem.DataDirectoryUnusable,
                $"{cluster.Path} belongs to root, and a Postgres server never runs as root.",
                $"If it is a copy you made, give it to the server's user: chown -R postgres: '{cluster.Path}'. Otherwise name another directory with Channels__DataDirectory.");
        }

        var account = cluster.OwnerId is { } existing
            ? new(cluster.OwnerName, existing, cluster.OwnerGroupId)
            : await AskAsync("getent passwd postgres || getent passwd nobody || grep -m 1 -E '^(postgres|nobody):' /etc/passwd", cancellationToken);
        return await (account ?? throw Nobody()).WithSwitchAsync(cancellationToken);
    }

    /// <summary>Runs a script as this user; the arguments are <c>$1</c>, <c>$2</c>, ….</summary>
    public Task<CommandResult> ShellAsync(string script, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(["sh", "-c", script, "channels", .. arguments], cancellationToken);

    public Task<CommandResult> RunAsync(IEnumerable<string> command, CancellationToken cancellationToken) =>
        ShellCommand.RunAsync([.. Switch, .. command], cancellationToken);

    /// <summary>Whether this user gets into a directory: whoever may enter it may still be kept out by one above.</summary>
    public async Task<bool> CanEnterAsync(string directory, CancellationToken cancellationToken) =>
        !IsSomebodyElse || (await RunAsync(["test", "-x", directory], cancellationToken)).Succeeded;

    private async Task<ServerAccount> WithSwitchAsync(CancellationToken cancellationToken)
    {
        foreach (var candidate in Switches)
        {
            // Being installed is not enough: BusyBox' setpriv has no --reuid, and a container may forbid the call.
            var trial = await ShellCommand.ShellAsync("command -v \"$1\" >/dev/null && \"$@\" true", candidate, cancellationToken);
            if (trial.Succeeded)
            {
                return this with { Switch = candidate };
            }
        }

        throw new EmbeddedPostgresException(
            EmbeddedPostgresProblem.NoUnprivilegedUser,
            $"Running as root, and neither setpriv nor runuser nor su can start a program as '{Name}'.",
            "Start Channels as an ordinary user, or install util-linux.");
    }

    private static async Task<ServerAccount?> AskAsync(string script, CancellationToken cancellationToken)
    {
        var answer = await ShellCommand.ShellAsync(script, [], cancellationToken);
        return answer.Output.Split('\n')[0].Split(':') is [{ Length: > 0 } name, _, var user, var group, ..]
            ? new(name, int.Parse(user, CultureInfo.InvariantCulture), int.Parse(group, CultureInfo.InvariantCulture))
            : null;
    }

    private static EmbeddedPostgresException BelongsTo(ClusterDirectory cluster, string owner) =>
        new(
            EmbeddedPostgresProblem.DataDirectoryUnusable,
            $"{cluster.Path} belongs to the user '{owner}'.",
            $"Start Channels as '{owner}' (or as root, which runs the server as its owner), or name another directory with Channels__DataDirectory.");

    private static EmbeddedPostgresException Nobody() =>
        new(
            EmbeddedPostgresProblem.NoUnprivilegedUser,
            "Running as root, and the system has neither a user 'postgres' nor 'nobody' to run the server as.",
            "Start Channels as an ordinary user, or add one: useradd --system postgres.");
}
