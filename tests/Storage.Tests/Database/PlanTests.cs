using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Channels.Storage.Database;
using Channels.Storage.Maintenance;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Database;

/// <summary>How Postgres runs the message path's statements when it believes that there is next to nothing in the tables: right after a vacuum in a quiet moment, before a backlog comes.</summary>
public sealed partial class PlanTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    /// <summary>What batches of the message path run, by class.</summary>
    private static readonly string[] _classes =
        ["RecordSql", "EffectSql", "SettleEchoesOperation", "FinishTurnSql", "OpenTurnOperation", "QueueOperation", "ConversationLoader", "BeginSendOperation", "SettleOperation", "MergeOperation", "PostgresOutbox", "AccountInbox"];

    /// <summary>Runs for a conversation's page only.</summary>
    private static readonly string[] _rare = ["PostgresOutbox.Known"];

    [PostgresFact]
    public async Task No_statement_of_the_message_path_reads_a_whole_table_because_it_was_empty_when_it_was_planned()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        await TimePartitions.EnsureAsync(db, TimeProvider.System, default);
        await using var database = new ChannelsDatabase(db.ConnectionString);
        await using var connection = await database.Pipeline.OpenConnectionAsync();
        await RunAsync(connection, "vacuum (analyze)");

        var statements = Statements().ToList();
        var readers = new List<string>();
        foreach (var (name, sql) in statements)
        {
            foreach (var node in await WholeReadsAsync(connection, sql))
            {
                readers.Add($"{name}: {node}");
            }
        }

        Assert.True(statements.Count >= 25, $"Only {statements.Count} statements were found: the classes have other names now.");
        Assert.True(readers.Count == 0, string.Join('\n', readers));
    }

    [PostgresFact]
    public async Task An_echo_finds_the_sends_of_its_conversation_by_it_and_does_not_read_all_that_its_account_has_queued()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        await using var database = new ChannelsDatabase(db.ConnectionString);
        await using var connection = await database.Pipeline.OpenConnectionAsync();
        await RunAsync(connection, "vacuum (analyze)");
        var asked = Statements().Where(statement => statement.Name is "RecordSql.Echoes" or "SettleEchoesOperation.OursByText" or "SettleEchoesOperation.Elsewhere").ToList();

        var used = new List<string?>();
        foreach (var (_, sql) in asked)
        {
            var lookUps = (await ScansAsync(connection, sql)).Where(node => node.TryGetProperty("Relation Name", out var table) && table.GetString() == "outbox");
            used.Add(lookUps.First().GetProperty("Index Name").GetString());
        }

        Assert.Equal(["outbox_by_conversation", "outbox_by_conversation", "outbox_by_conversation"], used);
    }

    private static IEnumerable<(string Name, string Sql)> Statements() =>
        from type in typeof(ChannelsDatabase).Assembly.GetTypes()
        where _classes.Contains(type.Name)
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where field is { IsLiteral: true } && field.FieldType == typeof(string)
        let sql = (string)field.GetRawConstantValue()!
        where sql.Contains("$1", StringComparison.Ordinal) && !_rare.Contains($"{type.Name}.{field.Name}")
        select ($"{type.Name}.{field.Name}", sql);

    private static async Task<List<JsonElement>> ScansAsync(NpgsqlConnection connection, string sql)
    {
        var parameters = Parameter().Matches(sql).Max(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
        await RunAsync(connection, $"prepare planned as {sql}");
        await using var explain = new NpgsqlCommand($"explain (format json) execute planned({string.Join(',', Enumerable.Repeat("null", parameters))})", connection);
        using var plan = JsonDocument.Parse((string)(await explain.ExecuteScalarAsync())!);
        await RunAsync(connection, "deallocate planned");
        return [.. Nodes(plan.RootElement[0].GetProperty("Plan").Clone()).Where(node => node.GetProperty("Node Type").GetString()!.EndsWith("Scan", StringComparison.Ordinal))];
    }

    private static async Task<List<string>> WholeReadsAsync(NpgsqlConnection connection, string sql)
    {
        var readers = new List<string>();
        foreach (var node in await ScansAsync(connection, sql))
        {
            if (node.TryGetProperty("Relation Name", out var table) && !await IsLookUpAsync(connection, node))
            {
                readers.Add($"{node.GetProperty("Node Type").GetString()} on {table.GetString()} by {(node.TryGetProperty("Index Name", out var index) ? index.GetString() : "no index")}");
            }
        }

        return readers;
    }

    // An index is looked into when its first column is given; given only others, it is read from end to end.
    private static async Task<bool> IsLookUpAsync(NpgsqlConnection connection, JsonElement node)
    {
        if (!node.TryGetProperty("Index Name", out var index) || !node.TryGetProperty("Index Cond", out var given))
        {
            return false;
        }

        // These only grow: what is planned while they are empty is planned anew soon, once for all.
        if (node.GetProperty("Relation Name").GetString() is { } table && (table is "conversation" or "conversation_alias" || table.StartsWith("transcript", StringComparison.Ordinal)))
        {
            return true;
        }

        await using var first = new NpgsqlCommand("select pg_get_indexdef($1::text::regclass, 1, false)", connection) { Parameters = { new NpgsqlParameter { Value = index.GetString()! } } };
        return given.GetString()!.Contains($"({await first.ExecuteScalarAsync()} = ", StringComparison.Ordinal);
    }

    private static IEnumerable<JsonElement> Nodes(JsonElement node) =>
        node.TryGetProperty("Plans", out var below) ? below.EnumerateArray().SelectMany(Nodes).Prepend(node) : [node];

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex Parameter();
}
