using System.Text.Json;
using Channels.Core.Ids;
using Channels.Storage.Parked;
using Channels.Testing;
using Npgsql;

namespace Channels.Storage.Tests.Parked;

/// <summary>The groups are what is parked, whoever does what at the same time, and never cost by how much that is.</summary>
public sealed class ParkedCountsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] _reasons = ["not JSON: x", "not JSON from line 3, byte 4 on: y", "not JSON from line 7, byte 1 on: z", "the parser failed", "no sender"];

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2026)]
    public async Task Whatever_is_done_in_whatever_order_the_groups_are_what_is_parked(int seed)
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var channels = await ChannelsAsync(store);
        var random = new Random(seed);

        for (var step = 0; step < 150; step++)
        {
            var done = await DoAsync(store, channels, random);

            var filter = new ParkedFilter(
                random.Next(3) == 0 ? channels[random.Next(channels.Length)] : null, random.Next(3) == 0 ? "simulator" : null, random.Next(3) == 0 ? _reasons[random.Next(_reasons.Length)] : null);
            var byChannel = random.Next(2) == 0;
            Assert.True(await store.CountedOneByOneAsync(filter, byChannel) == await store.GroupsAsync(filter, byChannel), $"After step {step}, {done}, with {filter}.");
        }
    }

    [PostgresFact]
    public async Task What_is_done_at_the_same_time_is_counted_once()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var channels = await ChannelsAsync(store);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async worker =>
        {
            var random = new Random(worker);
            for (var step = 0; step < 60; step++)
            {
                await DoAsync(store, channels, random);
            }
        }));

        Assert.Equal(await store.CountedOneByOneAsync(ParkedFilter.All, true), await store.GroupsAsync(ParkedFilter.All, true));
        await store.AddUpAsync();
        Assert.Equal(await store.CountedOneByOneAsync(ParkedFilter.All, true), await store.GroupsAsync(ParkedFilter.All, true));
        Assert.Equal(false, await store.ScalarAsync("select exists (select from parked_count where not is_sum)"));
    }

    [PostgresFact]
    public async Task Added_up_a_group_is_one_row_and_an_empty_one_none()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var (full, empty) = (await store.ChannelAsync("simulator"), await store.ChannelAsync("simulator"));
        for (var n = 0; n < 5; n++)
        {
            await store.ParkAsync(full, ["not JSON"]);
            await store.ParkAsync(empty, ["not JSON"]);
            await store.AddUpAsync();
        }

        await store.Parked.ReplayAllAsync(store.Tenant, empty, default);
        await Task.WhenAll(store.AddUpAsync(), store.AddUpAsync(), store.AddUpAsync());

        Assert.Equal(full.Value, await store.ScalarAsync("select account_id from parked_count"));
        Assert.Equal(5L, await store.ScalarAsync("select webhooks from parked_count"));
    }

    [PostgresFact]
    public async Task Parking_waits_for_nobody_who_puts_the_same_group_back()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var channel = await store.ChannelAsync("simulator");
        await store.ParkAsync(channel, ["not JSON", "not JSON"]);
        await store.AddUpAsync();
        await using var connection = await store.Db.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var replay = new NpgsqlCommand(
            $"delete from parked_webhook where id = (select id from parked_webhook where account_id = '{channel}' limit 1)", connection, transaction);
        await replay.ExecuteNonQueryAsync();

        await store.ParkAsync(channel, ["not JSON"]).WaitAsync(TimeSpan.FromSeconds(20)); // a wait would have no end

        Assert.Contains("|not JSON|" + channel + "|3|", await store.GroupsAsync(ParkedFilter.All, false), StringComparison.Ordinal);
        await transaction.CommitAsync();
        Assert.Contains("|not JSON|" + channel + "|2|", await store.GroupsAsync(ParkedFilter.All, false), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task What_was_parked_by_the_version_before_is_counted_and_its_causes_are_cut_anew()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var channel = await store.ChannelAsync("simulator");
        var text = new string('x', 97);
        await store.RunAsync(
            """
            drop table parked_count;
            drop trigger count_parked on parked_webhook; drop trigger count_parked_gone on parked_webhook; drop trigger count_parked_changed on parked_webhook; drop trigger count_parked_emptied on parked_webhook;
            drop function count_parked(); drop function count_parked_gone(); drop function count_parked_changed(); drop function count_parked_emptied();
            drop index parked_webhook_by_age;
            create or replace function drop_reason(reason text) returns text language sql immutable parallel safe as $f$
              select left(regexp_replace(split_part(coalesce(nullif(reason, ''), 'no reason given'), ':', 1), '\m[0-9]+\M', '#', 'g'), 100)
            $f$;
            delete from schema_migration where name like '%parked_counts.sql'
            """);
        foreach (var reason in new[] { $"{text} 12ab", $"{text} 34cd", "not JSON", " not JSON", ": nothing" })
        {
            await store.RunAsync(
                "insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body) values ($1, $2, gen_random_uuid(), now(), now(), $3, '', '')",
                store.Tenant.Value, channel.Value, reason);
        }

        await Storage.Migrations.Migrator.MigrateAsync(store.Db, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, default);

        var groups = await store.GroupsAsync(ParkedFilter.All, false);
        Assert.Equal(["no reason given|1", "not JSON|2", $"{text} #|2"], groups.Split('\n').Select(group => group.Split('|')).Select(group => $"{group[1]}|{group[3]}").Order(StringComparer.Ordinal));
        Assert.Equal(await store.CountedOneByOneAsync(ParkedFilter.All, false), groups);
    }

    [PostgresFact]
    public async Task A_table_that_was_truncated_has_nothing_parked()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var channel = await store.ChannelAsync("simulator");
        await store.ParkAsync(channel, ["not JSON", "no sender"]);
        await store.AddUpAsync();

        await store.RunAsync("truncate parked_webhook");

        Assert.Equal(0L, await store.ScalarAsync("select count(*) from parked_count"));
        await store.ParkAsync(channel, ["not JSON"]);
        Assert.Equal(await store.CountedOneByOneAsync(ParkedFilter.All, false), await store.GroupsAsync(ParkedFilter.All, false));
    }

    [PostgresFact]
    public async Task What_no_trigger_saw_is_counted_anew_and_once()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var channel = await store.ChannelAsync("simulator");
        await store.ParkAsync(channel, ["not JSON", "not JSON", "no sender", "the parser failed"]);
        await store.AddUpAsync();
        Assert.Equal(0, await ParkedCounts.RecountAsync(store.Db, default));

        // One group counted twice, as a dump is whose counts are put back beside the triggers; one lost its count; one its webhook; one was never counted.
        await store.RunAsync(
            """
            alter table parked_webhook disable trigger user;
            insert into parked_count (tenant_id, account_id, cause, webhooks, oldest_at, newest_at, last_parked_at)
            select tenant_id, account_id, cause, webhooks, oldest_at - interval '1 day', newest_at, last_parked_at from parked_count where cause = 'not JSON';
            delete from parked_count where cause = 'no sender';
            delete from parked_webhook where cause = 'the parser failed';
            insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body)
            select tenant_id, account_id, gen_random_uuid(), now(), now(), 'another', '', '' from parked_webhook where cause = 'no sender';
            alter table parked_webhook enable trigger user
            """);

        var wrong = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ParkedCounts.RecountAsync(store.Db, default)));

        Assert.Equal(4, wrong.Max());
        Assert.All(wrong, groups => Assert.True(groups is null or 0 or 4, $"{groups}"));
        Assert.Equal(await store.CountedOneByOneAsync(ParkedFilter.All, true), await store.GroupsAsync(ParkedFilter.All, true));
        await store.AddUpAsync();
        Assert.Equal(await store.CountedOneByOneAsync(ParkedFilter.All, true), await store.GroupsAsync(ParkedFilter.All, true));
        Assert.Equal(0, await ParkedCounts.RecountAsync(store.Db, default));
    }

    [PostgresFact]
    public async Task Only_one_process_counts_anew_or_adds_up_at_a_time()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        await store.ParkAsync(await store.ChannelAsync("simulator"), ["not JSON"]);
        await store.RunAsync("alter table parked_webhook disable trigger user; delete from parked_webhook; alter table parked_webhook enable trigger user");
        await using var other = await store.Db.OpenConnectionAsync();
        await using var counting = await other.BeginTransactionAsync();
        await using var alone = new NpgsqlCommand($"select pg_advisory_xact_lock({ParkedCounts.LockKey})", other, counting);
        await alone.ExecuteNonQueryAsync();

        await store.AddUpAsync();
        Assert.Null(await ParkedCounts.RecountAsync(store.Db, default));
        Assert.Equal(1L, await store.ScalarAsync("select sum(webhooks)::bigint from parked_count where not is_sum"));

        await counting.CommitAsync();
        Assert.Equal(1, await ParkedCounts.RecountAsync(store.Db, default));
        Assert.Equal(0L, await store.ScalarAsync("select coalesce(sum(webhooks), 0)::bigint from parked_count"));
    }

    [PostgresFact]
    public async Task Counting_anew_holds_up_nobody_and_what_is_done_meanwhile_is_counted_once()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var channels = await ChannelsAsync(store);
        using var done = new CancellationTokenSource();
        var recounting = Task.Run(async () =>
        {
            var mended = 0;
            while (!done.IsCancellationRequested)
            {
                mended += await ParkedCounts.RecountAsync(store.Db, default) ?? 0;
            }

            return mended;
        });

        await Task.WhenAll(Enumerable.Range(10, 4).Select(async worker =>
        {
            var random = new Random(worker);
            for (var step = 0; step < 40; step++)
            {
                await DoAsync(store, channels, random);
            }
        }));
        await done.CancelAsync();

        Assert.Equal(0, await recounting);
        Assert.Equal(await store.CountedOneByOneAsync(ParkedFilter.All, true), await store.GroupsAsync(ParkedFilter.All, true));
    }

    [PostgresFact]
    public async Task A_start_counts_anew_and_groups_that_are_counted_and_not_there_are_no_error_until_then()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var channel = await store.ChannelAsync("simulator");
        await store.ParkAsync(channel, ["not JSON", "no sender"]);
        await store.RunAsync(
            "alter table parked_webhook disable trigger user; delete from parked_webhook where cause = 'not JSON'; alter table parked_webhook enable trigger user");

        var before = await store.Groups.ListAsync(store.Tenant, ParkedFilter.All, false, new(1, 20), default);
        var clock = new ManualClock();
        using var counts = new ParkedCounts(store.Database, clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<ParkedCounts>.Instance);
        await counts.StartAsync(default);
        for (var wait = 0; wait < 400 && !Equals(await store.ScalarAsync("select coalesce(sum(webhooks), 0)::bigint from parked_count"), 1L); wait++)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(25);
        }

        await counts.StopAsync(default);

        Assert.Equal(["no sender"], before.Items.Select(group => group.Cause));
        Assert.Equal(await store.CountedOneByOneAsync(ParkedFilter.All, false), await store.GroupsAsync(ParkedFilter.All, false));
    }

    [PostgresFact]
    public async Task Groups_are_read_from_counts_and_from_the_ends_of_an_index_also_when_the_tables_seemed_empty()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        await store.RunAsync("vacuum (analyze) parked_webhook, parked_count, account");
        var channel = await store.ChannelAsync("simulator");
        await store.RunAsync(
            """
            insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body)
            select $1, $2, gen_random_uuid(), now() - n * interval '1 second', now(), 'not JSON from line ' || n || ': x', '', '' from generate_series(1, 20000) as n
            """,
            store.Tenant.Value, channel.Value);

        // One end of one channel's group for the example, and both where one was just thrown away.
        Assert.Equal([1], (await ScansAsync(store)).Select(scan => scan.Rows).Where(rows => rows > 0));
        await store.RunAsync("delete from parked_webhook where id = (select id from parked_webhook limit 1)");
        Assert.Equal([1, 1, 1], (await ScansAsync(store)).Select(scan => scan.Rows));
        Assert.All(await ScansAsync(store), scan => Assert.Equal("parked_webhook_by_age", scan.Index));
    }

    private static async Task<List<(string? Index, long Rows)>> ScansAsync(ParkedStore store)
    {
        await using var connection = await store.Db.OpenConnectionAsync();
        await using var explain = new NpgsqlCommand($"explain (analyze, format json) {ParkedStore.Constant(typeof(ParkedGroups), "List")}", connection);
        foreach (var value in new object?[] { store.Tenant.Value, null, null, null, false, 20L, 0L })
        {
            explain.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        using var plan = JsonDocument.Parse((string)(await explain.ExecuteScalarAsync())!);
        return [.. Nodes(plan.RootElement[0].GetProperty("Plan").Clone())
            .Where(node => node.TryGetProperty("Relation Name", out var table) && table.GetString() == "parked_webhook")
            .Select(node => (node.TryGetProperty("Index Name", out var index) ? index.GetString() : null, (long)node.GetProperty("Actual Rows").GetDouble()))];
    }

    private static IEnumerable<JsonElement> Nodes(JsonElement node) =>
        node.TryGetProperty("Plans", out var below) ? below.EnumerateArray().SelectMany(Nodes).Prepend(node) : [node];

    private static async Task<AccountId[]> ChannelsAsync(ParkedStore store) =>
        [await store.ChannelAsync("simulator"), await store.ChannelAsync("simulator"), await store.ChannelAsync("telegram"), await store.ChannelAsync("waha", deleted: true)];

    private static async Task<string> DoAsync(ParkedStore store, AccountId[] channels, Random random)
    {
        var channel = channels[random.Next(channels.Length)];
        var filter = new ParkedFilter(random.Next(2) == 0 ? channel : null, null, _reasons[random.Next(_reasons.Length)]);
        switch (random.Next(10))
        {
            case < 3:
                await store.ParkAsync(channel, [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => _reasons[random.Next(_reasons.Length)])]);
                return "parked";
            case 3:
                await store.ParkRestAsync(channel);
                return "parked the rest";
            case 4:
                var some = await store.Parked.ListAsync(store.Tenant, channel, new(1, 3), 0, default);
                foreach (var row in some.Items)
                {
                    await store.Parked.ReplayAsync(store.Tenant, row.Id, default);
                }

                return "put some back";
            case 5:
                await store.Parked.ReplayAllAsync(store.Tenant, channel, default);
                return "put a channel's back";
            case 6:
                await store.Replays.BeginAsync(store.Tenant, new IdSource(TimeProvider.System).Next(), filter, random.Next(1, 30), default);
                await store.Runner.RunSliceAsync(default);
                return "ran a slice";
            case 7:
                await store.Discarded.DiscardAsync(store.Tenant, filter, default);
                return "threw a group away";
            case 8:
                await using (var connection = await store.Db.OpenConnectionAsync())
                await using (var transaction = await connection.BeginTransactionAsync())
                {
                    await store.ParkAsync(channel, ["not JSON"], transaction);
                    await transaction.RollbackAsync();
                }

                return "died while parking";
            default:
                await store.AddUpAsync();
                return "added up";
        }
    }
}
