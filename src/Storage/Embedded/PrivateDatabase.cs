using Channels.Storage.Database;
using Npgsql;

namespace Channels.Storage.Embedded;

/// <summary>The database <c>channels</c> on the private server: how to reach it, and making it once.</summary>
internal static class PrivateDatabase
{
    private const string Maintenance = "postgres";
    private const string Create = $"""create database {ClusterSettings.Database}""";

    /// <summary>For the whole of the product. There is no password in it: the kernel vouches for us.</summary>
    public static string ConnectionString(PostmasterFile server) => new NpgsqlConnectionStringBuilder
    {
        Host = server.SocketDirectory,
        Port = server.Port,
        Username = ClusterSettings.Role,
        Database = ClusterSettings.Database,
        ApplicationName = "channels",
        MaxAutoPrepare = 100,
        MaxPoolSize = ChannelsDatabase.MostRequests,
        // Details quote values, and values are people's words.
        IncludeErrorDetail = false,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>Connects, and makes the database if it is not there. Throws what Npgsql throws.</summary>
    public static async Task EnsureAsync(string connectionString, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(connectionString, ClusterSettings.Database, "select 1", cancellationToken);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            await ExecuteAsync(connectionString, Maintenance, Create, cancellationToken);
        }
    }

    private static async Task ExecuteAsync(string connectionString, string database, string sql, CancellationToken cancellationToken)
    {
        var single = new NpgsqlConnectionStringBuilder(connectionString) { Database = database, Pooling = false };
        await using var source = NpgsqlDataSource.Create(single);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
