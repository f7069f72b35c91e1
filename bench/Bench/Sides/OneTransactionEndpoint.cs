using Channels.Core.Ids;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Bench.Sides;

/// <summary>The second yardstick: what one would write first. A Kestrel endpoint that inserts each webhook in a transaction of its own, then answers 200.</summary>
/// <remarks>
/// Into a table of the same columns, key and storage as the product's inbox, on the same server with the same settings; a pool of half the
/// connections that the server takes, the product has the others; statements prepared. It proves nothing and looks nothing up: the difference to the product is how webhooks are committed, and all that the product does besides.
/// </remarks>
internal static class OneTransactionEndpoint
{
    public const string Command = "one-transaction";
    public const string Table = "bench_one_transaction";

    private const string Connection = "CHANNELS_BENCH_CONNECTION";

    private const string Insert = $"""
        insert into {Table} (tenant_id, account_id, id, received_at, path, body) values ($1, $2, $3, $4, $5, $6)
        """;

    /// <summary>Serves until told to stop.</summary>
    public static async Task RunAsync(int port)
    {
        var settings = new NpgsqlConnectionStringBuilder(Environment.GetEnvironmentVariable(Connection)) { MaxPoolSize = 50, MaxAutoPrepare = 10, AutoPrepareMinUsages = 2 };
        await using var postgres = NpgsqlDataSource.Create(settings);
        var ids = new IdSource(TimeProvider.System);
        var (tenant, account) = (ids.Next(), ids.Next());
        await YardstickServer.RunAsync(port, async http =>
        {
            var body = new byte[(int)http.Request.ContentLength!];
            await http.Request.Body.ReadExactlyAsync(body);
            await using var command = postgres.CreateCommand(Insert);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = account });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = ids.Next() });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = TimeProvider.System.GetUtcNow() });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "" });
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = body, NpgsqlDbType = NpgsqlDbType.Bytea });
            await command.ExecuteNonQueryAsync();
            await YardstickServer.AnswerAsync(http);
        });
    }

    /// <summary>Makes the table in the product's database and starts the endpoint as a process of its own.</summary>
    public static async Task<(OwnProcess Process, Uri Address)> StartAsync(Product product, CancellationToken cancellationToken)
    {
        await product.RunAsync($"create table {Table} (like inbox_0 including all)", cancellationToken);
        return await YardstickServer.StartAsync(
            [Command, "--port", "0"], new Dictionary<string, string> { [Connection] = product.ConnectionString }, cancellationToken);
    }
}
