using System.Diagnostics;
using Npgsql;

namespace Channels.Orleans.Conformance.Contract;

/// <summary>A Postgres server of one's own on a unix socket in a temporary folder, with Orleans' tables in it.</summary>
/// <remarks>The server refuses to run as root; then it runs as the user postgres.</remarks>
public sealed class ThrowAwayPostgres : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pg-").FullName;
    private NpgsqlDataSource? _database;

    /// <summary>Where the server's programs are; null if there are none on this machine.</summary>
    public static string? Programs { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Max()
        : null;

    public NpgsqlDataSource Database => _database!;

    public async Task InitializeAsync()
    {
        if (Programs is null)
        {
            return;
        }

        if (Environment.UserName == "root")
        {
            await RunAsync("chown", "postgres", _folder);
        }

        await AsServerUserAsync("initdb", "-D", $"{_folder}/data", "-U", "postgres", "-A", "trust", "--no-sync");
        await AsServerUserAsync("pg_ctl", "-D", $"{_folder}/data", "-w", "-l", $"{_folder}/log", "-o", $"-k {_folder} -c listen_addresses='' -c fsync=off", "start");
        _database = NpgsqlDataSource.Create($"Host={_folder};Username=postgres;Database=postgres");
        using var script = new StreamReader(typeof(ThrowAwayPostgres).Assembly.GetManifestResourceStream("orleans.sql")!);
        await ExecuteAsync(await script.ReadToEndAsync());
    }

    public async Task DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
            await AsServerUserAsync("pg_ctl", "-D", $"{_folder}/data", "-m", "immediate", "stop");
        }

        Directory.Delete(_folder, recursive: true);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<List<object?[]>> QueryAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => reader.IsDBNull(column) ? null : reader.GetValue(column))]);
        }

        return rows;
    }

    private static Task AsServerUserAsync(string program, params string[] arguments) => Environment.UserName == "root"
        ? RunAsync("runuser", ["-u", "postgres", "--", Path.Combine(Programs!, program), .. arguments])
        : RunAsync(Path.Combine(Programs!, program), arguments);

    // Output is not read: the server inherits it and would keep it open.
    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "\"$@\" >/dev/null 2>&1", "sh", program, .. arguments]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}

/// <summary>A test that needs Postgres: skipped where there is none, except on CI, where it must not be missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute()
    {
        if (ThrowAwayPostgres.Programs is null && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Skip = "There is no Postgres on this machine.";
        }
    }
}
