using System.Diagnostics;

namespace Channels.Storage.Embedded;

/// <summary>One run of a program of the system, to its end.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    public bool Succeeded => ExitCode == 0;

    public string Said => $"{Output}\n{Errors}";
}

/// <summary>Runs programs of the system for us: no terminal, no inherited environment.</summary>
/// <remarks>
/// The host's environment holds master keys and tokens. Postgres runs as another user, and whoever is that user can read
/// the environment of its processes: so they get a path and a locale, nothing else.
/// </remarks>
internal static class ShellCommand
{
    private const string SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Runs <c>sh -c</c> with <paramref name="arguments"/> as <c>$1</c>, <c>$2</c>, …: nothing is ever pasted into the script.</summary>
    public static Task<CommandResult> ShellAsync(string script, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(["sh", "-c", script, "channels", .. arguments], cancellationToken);

    public static async Task<CommandResult> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        using var process = Start(command);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
            return new(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Starts without waiting. The caller closes or reads the three streams.</summary>
    public static Process Start(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Another user may not be allowed into the host's own working directory.
            WorkingDirectory = "/",
        };
        var inherited = start.Environment.Where(variable => IsHarmless(variable.Key)).ToArray();
        start.Environment.Clear();
        foreach (var (name, value) in inherited)
        {
            start.Environment[name] = value;
        }

        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:{SystemPath}";
        start.Environment["LC_ALL"] = "C";
        start.Environment["TZ"] = "UTC";
        return Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start.");
    }

    private static bool IsHarmless(string variable) => variable is "LD_LIBRARY_PATH" or "TMPDIR";
}
