namespace Channels.Cli;

/// <summary>What a command ends with, for scripts and cron. Documented in <c>docs/cli.md</c>; never renumbered.</summary>
internal static class ExitCodes
{
    /// <summary>All is well.</summary>
    public const int Fine = 0;

    /// <summary>Something is wrong: a check failed, a message was refused, a channel needs attention.</summary>
    public const int Wrong = 1;

    /// <summary>The command line or the settings of this command cannot be used; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The server cannot be reached, or what answers there is no Channels server.</summary>
    public const int Unreachable = 3;

    /// <summary>The key is missing, unknown or may not do this.</summary>
    public const int NotAllowed = 4;

    /// <summary>Ctrl-C, or a signal to end, before it was done; as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>They stand under every <c>--help</c>.</summary>
    public const string About = """
        Exit codes:
          0  fine
          1  something is wrong: a check failed, a message was refused, a channel needs attention
          2  bad usage or settings; nothing was done
          3  the server cannot be reached
          4  not allowed: the key is missing, unknown, or may not do this
        130  interrupted before it was done
        """;
}
