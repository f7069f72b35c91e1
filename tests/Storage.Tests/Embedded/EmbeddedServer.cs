using System.Globalization;
using Channels.Storage.Embedded;
using Channels.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Embedded;

/// <summary>What the tests of this folder say often.</summary>
internal static class EmbeddedServer
{
    private const int Parent = 4;

    public static Task<EmbeddedPostgres> StartAsync(string dataDirectory, Action<EmbeddedPostgresOptions>? change = null, ILogger? logger = null)
    {
        var options = new EmbeddedPostgresOptions { DataDirectory = dataDirectory, ThrowAway = true };
        change?.Invoke(options);
        return EmbeddedPostgres.StartAsync(options, TimeProvider.System, logger ?? NullLogger.Instance, CancellationToken.None);
    }

    public static async Task<string> AskAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        await using var command = source.CreateCommand(sql);
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture) ?? "";
    }

    public static bool IsAlive(int processId) => LinuxProcess.Find(processId) is not null;

    public static Task EndedAsync(int processId, TimeSpan? within = null) =>
        Eventually.TrueAsync($"process {processId} ends", () => !IsAlive(processId), within);

    /// <summary>The supervisors at work for a data directory: their command line names its lock.</summary>
    /// <remarks>A shell that reads what a command prints is two processes of one command line for a moment: the child is no supervisor, and gone when it is asked for.</remarks>
    public static IReadOnlyList<int> Supervisors(string dataDirectory)
    {
        var found = (
            from entry in Directory.EnumerateDirectories("/proc")
            let id = int.TryParse(Path.GetFileName(entry), out var parsed) ? parsed : 0
            where id > 0
            let command = Read($"/proc/{id}/cmdline").Split('\0')
            where command is ["sh", "-s", ..] && command.Contains(DataDirectoryLock.PathIn(dataDirectory))
            select id).ToHashSet();
        return [.. found.Where(id => Stat(id, Parent) is { Length: > 0 } parent && !found.Contains(int.Parse(parent, CultureInfo.InvariantCulture)))];
    }

    /// <summary>The n-th field of /proc/PID/stat as its manual numbers them, from 3 on; empty when there is no such process.</summary>
    public static string Stat(int processId, int field)
    {
        var stat = Read($"/proc/{processId}/stat");
        return stat.Length == 0 ? "" : stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[field - 3];
    }

    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
