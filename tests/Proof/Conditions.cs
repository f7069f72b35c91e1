using System.Diagnostics;
using Channels.Testing;
using Npgsql;

namespace Channels.Proof;

/// <summary>What a result is only worth something with.</summary>
internal static class Conditions
{
    /// <summary>The commit that was built, and whether more than it was.</summary>
    public static string Commit()
    {
        var commit = Git("rev-parse --short HEAD");
        return commit.Length == 0 ? "unknown" : Git("status --porcelain --untracked-files=no").Length == 0 ? commit : $"{commit} with changes";
    }

    public static string Processor()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
        return $"{Environment.ProcessorCount} × {model ?? "unknown processor"}";
    }

    /// <summary>How many wanted a processor, on the average of the last minute. Above the number of processors the machine had more to do than it could: then times say little.</summary>
    public static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    /// <summary>Asked of the server itself: a result without the disk is none about crashes of machines.</summary>
    public static async Task<string> StoreAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        await using var command = source.CreateCommand("select current_setting('server_version_num')::int / 10000, current_setting('fsync'), current_setting('synchronous_commit')");
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return $"Postgres {row.GetInt32(0)}, fsync {row.GetString(1)}, synchronous_commit {row.GetString(2)}";
    }

    private static string Git(string arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = AppContext.BaseDirectory, RedirectStandardOutput = true, RedirectStandardError = true })!;
            return git.StandardOutput.ReadToEnd().Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
