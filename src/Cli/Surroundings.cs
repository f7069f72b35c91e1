using Channels.Cli.Output;
using Spectre.Console;

namespace Channels.Cli;

/// <summary>Where a command runs: what it reads and writes, its environment, its clock. Tests give their own.</summary>
internal sealed record Surroundings
{
    /// <summary>Standard input.</summary>
    public required TextReader In { get; init; }

    /// <summary>Standard output: answers.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: what is wrong, and what goes on meanwhile.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Where a person can be asked; null when nobody sits there, as in a pipe or under cron.</summary>
    public required IAnsiConsole? Person { get; init; }

    /// <summary>An environment variable, or null.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The person's home directory.</summary>
    public required string Home { get; init; }

    /// <summary>Where relative paths begin.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Time and pauses.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How long the server may take for one answer, where it is not told to wait for something itself.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What became of standard output, where it is this process's own.</summary>
    public StandardStream? Written { get; init; }

    /// <summary>This process.</summary>
    public static Surroundings OfThisProcess() => OfThisProcess(StandardStream.Output());

    /// <summary>A path as the person meant it.</summary>
    public string At(string path) => Path.GetFullPath(path, WorkingDirectory);

    private static Surroundings OfThisProcess(StandardStream output) => new()
    {
        In = Console.In,
        Out = output.ToWriter(),
        Error = StandardStream.Error().ToWriter(),
        Written = output,
        Person = Console.IsInputRedirected || Console.IsOutputRedirected ? null : AnsiConsole.Console,
        Variable = name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null,
        Home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        WorkingDirectory = Environment.CurrentDirectory,
    };
}
