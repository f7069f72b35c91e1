using Npgsql;

namespace Channels.Testing.Tests;

public sealed class PostgresFixtureTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task Each_database_is_empty_and_alone()
    {
        var one = await postgres.CreateDatabaseAsync();
        var other = await postgres.CreateDatabaseAsync();

        await ExecuteAsync(one, "create table only_here (id int)");

        Assert.NotEqual(one.ConnectionString, other.ConnectionString);
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(other, "select * from only_here"));
    }

    [PostgresFact]
    public async Task A_server_of_ones_own_can_be_taken_away_and_given_back()
    {
        await using var own = await OwnPostgres.StartAsync();
        await using var source = NpgsqlDataSource.Create(own.ConnectionString);
        await ExecuteAsync(source, "create table kept (id int)");

        await own.StopServerAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(source, "select 1"));
        await own.StartServerAsync();

        await ExecuteAsync(source, "select * from kept");
    }

    [PostgresFact]
    public async Task A_crashed_server_of_ones_own_comes_back_with_all_that_was_committed()
    {
        await using var own = await OwnPostgres.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(own.ConnectionString) { Pooling = false });
        await ExecuteAsync(source, "create table kept (id int)");
        var crashed = own.ServerProcessId;

        own.CrashServer();
        await Eventually.TrueAsync("another server", () => own.ServerProcessId != crashed);

        await ExecuteAsync(source, "select * from kept");
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
