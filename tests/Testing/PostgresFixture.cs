using Npgsql;

namespace Channels.Testing;

/// <summary>Databases for one test class (<c>IClassFixture&lt;PostgresFixture&gt;</c>), on one throw-away server per test process.</summary>
/// <remarks>
/// The server is started when the first database is asked for, and ends with the process. A database is gone with its class.
/// What is committed survives a crash of the server, but not of the machine: nothing waits for the disk.
/// </remarks>
public sealed class PostgresFixture : IAsyncLifetime
{
    private static int _databases;

    private readonly List<NpgsqlDataSource> _sources = [];

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>An empty database of one's own. Its connection string is the source's; there is no password.</summary>
    /// <param name="configure">Mappings and the like, before the source is built.</param>
    public async Task<NpgsqlDataSource> CreateDatabaseAsync(Action<NpgsqlDataSourceBuilder>? configure = null)
    {
        var server = await SharedServer.ConnectionStringAsync();
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync(server, $"create database {name}");

        var builder = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 20 }.ConnectionString);
        configure?.Invoke(builder);
        var source = builder.Build();
        lock (_sources)
        {
            _sources.Add(source);
        }

        return source;
    }

    public async Task DisposeAsync()
    {
        foreach (var source in _sources)
        {
            var name = new NpgsqlConnectionStringBuilder(source.ConnectionString).Database;
            await source.DisposeAsync();
            await ExecuteAsync(await SharedServer.ConnectionStringAsync(), $"drop database if exists {name} with (force)");
        }
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
