using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Migrations;

/// <summary>People write in every script: a database that cannot hold or count their letters is refused before there is anything in it.</summary>
public sealed class EncodingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresTheory]
    [InlineData("SQL_ASCII")]
    [InlineData("LATIN1")]
    public async Task A_database_of_another_encoding_is_refused_with_its_remedy_and_left_empty(string encoding)
    {
        var server = await postgres.CreateDatabaseAsync();
        var name = $"of_{encoding}".ToLowerInvariant();
        await RunAsync(server, $"create database {name} template template0 encoding '{encoding}' lc_collate 'C' lc_ctype 'C'");
        try
        {
            await using var other = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name, Pooling = false });

            var refused = await Assert.ThrowsAsync<MigrationException>(() => Migrator.MigrateAsync(other, TimeProvider.System, NullLogger.Instance, default));

            Assert.All(["ConnectionStrings:Channels", encoding, "create database", "encoding 'UTF8' template template0"], word => Assert.Contains(word, refused.Message, StringComparison.Ordinal));
            await using var tables = other.CreateCommand("select count(*) from pg_tables where schemaname = 'public'");
            Assert.Equal(0L, await tables.ExecuteScalarAsync());
        }
        finally
        {
            await RunAsync(server, $"drop database {name} with (force)");
        }
    }

    private static async Task RunAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
