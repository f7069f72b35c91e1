using System.Text.RegularExpressions;
using Channels.Storage.Conversations;
using Channels.Storage.Database;
using Channels.Storage.Migrations;
using Channels.Storage.Outbox;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Database;

/// <summary>The pipeline plans a statement once for each connection. A plan made while the queues were empty must not read all of a backlog for every row of a batch.</summary>
public sealed partial class QueuePlanTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private ChannelsDatabase _database = null!;

    public static TheoryData<string, string> Statements => new()
    {
        { "finish a turn", FinishTurnSql.Finish },
        { "forget a turn", FinishTurnSql.Forget },
        { "further parts", FinishTurnSql.MoreParts },
        { "rest of a burst", FinishTurnSql.RestOfBurst },
        { "hand over", FinishTurnSql.HandOver },
        { "offer", FinishTurnSql.Offer },
        { "late answer", FinishTurnSql.Late },
        { "finished webhooks", RecordSql.Finished },
        { "parked webhooks", RecordSql.Parked },
        { "begin a send", BeginSendOperation.Begin },
        { "settle a send", SettleOperation.Settle },
        { "forget a send", SettleOperation.Forget },
        { "keep a send", SettleOperation.Keep },
    };

    public async Task InitializeAsync()
    {
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(db.ConnectionString);
        foreach (var queue in (string[])["inbox_0", "inbox_1", "turn", "outbox"])
        {
            await using var vacuum = db.CreateCommand($"vacuum (analyze) {queue}");
            await vacuum.ExecuteNonQueryAsync();
        }
    }

    public Task DisposeAsync() => _database?.DisposeAsync().AsTask() ?? Task.CompletedTask;

    [PostgresTheory]
    [MemberData(nameof(Statements))]
    public async Task Queues_are_looked_into_by_their_key(string what, string sql)
    {
        var parameters = Parameter().Matches(sql).Select(one => int.Parse(one.ValueSpan[1..], System.Globalization.CultureInfo.InvariantCulture)).Max();
        await using var connection = await _database.Pipeline.OpenConnectionAsync();
        await using (var prepare = new NpgsqlCommand($"prepare looked_at as {sql}", connection))
        {
            await prepare.ExecuteNonQueryAsync();
        }

        await using var explain = new NpgsqlCommand($"explain execute looked_at ({string.Join(", ", Enumerable.Repeat("null", parameters))})", connection);
        var plan = new List<string>();
        await using (var reader = await explain.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                plan.Add(reader.GetString(0));
            }
        }

        var looks = plan.Index().Where(line => Scan().IsMatch(line.Item)).ToList();
        Assert.True(looks.Count > 0, $"{what} looks into no queue:\n{string.Join('\n', plan)}");
        Assert.All(looks, look => Assert.True(plan[look.Index + 1].Contains("Index Cond", StringComparison.Ordinal), $"{what} reads a whole queue:\n{string.Join('\n', plan)}"));
    }

    [GeneratedRegex(@"\$\d+")]
    private static partial Regex Parameter();

    [GeneratedRegex("Scan.* on (inbox_[01]|turn|outbox) ")]
    private static partial Regex Scan();
}
