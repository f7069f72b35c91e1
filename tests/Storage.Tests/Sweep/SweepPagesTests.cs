using Channels.Core.Ids;
using Channels.Core.Sweep;
using Channels.Storage.Sweep;
using Channels.Storage.Tests.Outbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Sweep;

/// <summary>What the sweep finds where more waits than one look takes.</summary>
public sealed class SweepPagesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task A_tenant_with_thousands_of_turns_hides_nobody_elses_and_all_of_its_own_are_found_in_time()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var (many, more, other) = (await stage.ChannelAsync(), default(ConversationRef), await stage.ChannelAsync());
        more = await stage.ChannelAsync(many.Tenant);
        await TurnsAsync(stage, many, 3_400);
        await TurnsAsync(stage, more, 2_000);
        await TurnsAsync(stage, other, 1);

        // However it is planned: with so few accounts the planner would begin with those.
        await stage.RunAsync("analyze");
        using var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock);

        var found = new HashSet<ConversationRef>();
        for (var look = 1; look <= 6; look++)
        {
            var turns = (await LookAsync(stage, sweep)).SelectMany(work => work.Turns).ToList();
            Assert.Contains(turns, turn => turn.Account == other.Account);
            Assert.InRange(turns.Count, 2, 1_001);
            found.UnionWith(turns);
        }

        Assert.Equal(5_401, found.Count);

        // It begins anew.
        Assert.Equal(1_001, (await LookAsync(stage, sweep)).Sum(work => work.Turns.Length));
    }

    [PostgresFact]
    public async Task Many_tenants_with_more_than_a_look_takes_are_all_reached()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        for (var tenant = 0; tenant < 7; tenant++)
        {
            await TurnsAsync(stage, await stage.ChannelAsync(), 900);
        }

        using var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock);

        var first = (await LookAsync(stage, sweep)).SelectMany(work => work.Turns).ToList();
        var both = (await LookAsync(stage, sweep)).SelectMany(work => work.Turns).Concat(first).Distinct();
        var all = (await LookAsync(stage, sweep)).SelectMany(work => work.Turns).Concat(both).Distinct();

        Assert.Equal(5_000, first.Count);
        Assert.Equal(6_300, all.Count());
    }

    [PostgresFact]
    public async Task A_tenant_with_thousands_of_accounts_to_wake_hides_nobody_elses()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var (many, other) = (await stage.ChannelAsync(), await stage.ChannelAsync());
        await stage.RunAsync(
            """
            with a as (
              insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
              select $1, gen_random_uuid(), $1, 'simulator', n::text, n::text, $1, '', '{}', '{}', 'active', now(), now(), now() from generate_series(1, 5200) n returning id)
            insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) select $1, id, gen_random_uuid(), gen_random_uuid(), 0, 0, $2 from a
            """,
            many.Tenant.Value, OutboxStage.Now.AddMinutes(-1));
        await stage.ReplyAsync(other);
        using var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock);

        var found = new HashSet<AccountId>();
        for (var look = 1; look <= 6; look++)
        {
            var accounts = (await LookAsync(stage, sweep)).SelectMany(work => work.Outboxes.Select(row => row.Account)).ToList();
            Assert.Contains(other.Account, accounts);
            found.UnionWith(accounts);
        }

        Assert.Equal(5_201, found.Count);
    }

    [PostgresFact]
    public async Task An_account_with_thousands_of_files_to_fetch_takes_one_place_and_hides_nobody_elses()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var (many, other) = (await stage.ChannelAsync(), await stage.ChannelAsync());
        await FilesAsync(stage, many, 5_001, OutboxStage.Now.AddMinutes(-2));
        await FilesAsync(stage, other, 1, OutboxStage.Now.AddMinutes(-1));
        using var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock);

        var found = (await LookAsync(stage, sweep)).SelectMany(work => work.Files).ToList();

        Assert.Equal(2, found.Count);
        Assert.Contains(many.Account, found);
        Assert.Contains(other.Account, found);
    }

    [PostgresFact]
    public async Task A_tenant_with_thousands_of_accounts_with_files_hides_nobody_elses()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var (many, other) = (await stage.ChannelAsync(), await stage.ChannelAsync());
        await stage.RunAsync(
            """
            with a as (
              insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
              select $1, gen_random_uuid(), $1, 'simulator', n::text, n::text, $1, '', '{}', '{}', 'active', now(), now(), now() from generate_series(1, 2200) n returning id)
            insert into media_fetch (tenant_id, account_id, message_id, media, next_attempt_at) select $1, id, gen_random_uuid(), '{}', $2 from a
            """,
            many.Tenant.Value, OutboxStage.Now.AddMinutes(-2));
        await FilesAsync(stage, other, 1, OutboxStage.Now.AddMinutes(-1));
        using var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock);

        var found = new HashSet<AccountId>();
        for (var look = 1; look <= 3; look++)
        {
            var accounts = (await LookAsync(stage, sweep)).SelectMany(work => work.Files).ToList();
            Assert.Contains(other.Account, accounts);
            found.UnionWith(accounts);
        }

        Assert.Equal(2_201, found.Count);
    }

    [PostgresFact]
    public async Task A_partition_that_asks_between_two_looks_of_others_sees_every_page_as_they_do()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var many = await stage.ChannelAsync();
        await TurnsAsync(stage, many, 2_000);
        var (its, another) = (Partitions.Of(many.Account), (Partitions.Of(many.Account) + 1) % Partitions.Count);
        using var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock);

        var found = new HashSet<ConversationRef>();
        for (var tick = 0; tick < 3; tick++)
        {
            await sweep.FindAsync(another, Partitions.Count, default);
            stage.Clock.Advance(TimeSpan.FromMilliseconds(1_200));
            found.UnionWith((await sweep.FindAsync(its, Partitions.Count, default)).Turns);
            stage.Clock.Advance(TimeSpan.FromMilliseconds(800));
        }

        Assert.Equal(2_000, found.Count);
    }

    [PostgresFact]
    public async Task What_nobody_works_on_is_not_read_however_much_of_it_there_is()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        await stage.RunAsync(
            """
            insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at, sending_since)
            select $1, $2, gen_random_uuid(), $3, 2, 1, $4, $4 from generate_series(1, 20000)
            """,
            where.Tenant.Value, where.Account.Value, where.Conversation.Value, OutboxStage.Now.AddDays(-30));
        await FilesAsync(stage, where, 20_000, OutboxStage.Now.AddMinutes(10));
        await stage.ReplyAsync(where);
        await stage.RunAsync("analyze");
        using (var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock))
        {
            var found = await LookAsync(stage, sweep);
            Assert.Equal(where.Account, Assert.Single(found.SelectMany(work => work.Outboxes)).Account);
            Assert.Empty(found.SelectMany(work => work.Files));
        }

        // What its connections have read is added up when they end.
        await stage.Database.DisposeAsync();
        await Eventually.TrueAsync(
            "the sweep's connections to end",
            () => stage.ScalarAsync("select count(*) from pg_stat_activity where datname = current_database() and application_name = 'channels-pipeline'").GetAwaiter().GetResult() is 0L);
        var read = await stage.ScalarAsync(
            """
            select (select sum(seq_tup_read + idx_tup_fetch) from pg_stat_user_tables where relname in ('outbox', 'media_fetch'))::bigint
                   + (select sum(idx_tup_read) from pg_stat_user_indexes where relname in ('outbox', 'media_fetch'))::bigint
            """);
        Assert.InRange((long)read!, 1, 1_000);
    }

    [PostgresTheory]
    [InlineData(24, 0)]
    [InlineData(26, 1)]
    public async Task A_turn_that_would_be_answered_later_than_any_may_be_was_dated_by_a_clock_that_was_set_back(int hours, int found)
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        await TurnsAsync(stage, await stage.ChannelAsync(), 1);
        await stage.RunAsync("update turn set answer_by = $1", OutboxStage.Now.AddHours(hours));
        using var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock);

        Assert.Equal(found, (await LookAsync(stage, sweep)).Sum(work => work.Turns.Length));
    }

    [PostgresTheory]
    [InlineData(130, null, 1)]
    [InlineData(130, 95, 0)]
    [InlineData(395, 360, 1)]
    [InlineData(1_200, 900, 0)]
    [InlineData(1_895, 1_600, 1)]
    [InlineData(1_895, 90, 0)]
    [InlineData(2_400, 2_100, 0)]
    public async Task A_reply_of_unknown_outcome_whose_next_look_up_nobody_made_wakes_its_account(int secondsSince, int? lookedUpSecondsAgo, int found)
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        using var sweep = new PostgresSweep(stage.Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), stage.Clock);
        await LookAsync(stage, sweep);
        stage.Clock.Advance(TimeSpan.FromMinutes(5));
        await stage.ReplyAsync(await stage.ChannelAsync());
        DateTimeOffset Ago(int seconds) => stage.Clock.GetUtcNow().AddSeconds(2 - seconds);
        await stage.RunAsync("update outbox set state = 2, attempts = 1, sending_since = $1", Ago(secondsSince));
        if (lookedUpSecondsAgo is { } ago)
        {
            await stage.RunAsync("update outbox set look_ups = 1, looked_up_at = $1", Ago(ago));
        }

        Assert.Equal(found, (await LookAsync(stage, sweep)).Sum(work => work.Outboxes.Length));
    }

    private static async Task<List<WaitingWork>> LookAsync(OutboxStage stage, PostgresSweep sweep)
    {
        stage.Clock.Advance(TimeSpan.FromSeconds(2));
        var work = new List<WaitingWork>();
        for (var partition = 0; partition < Partitions.Count; partition++)
        {
            work.Add(await sweep.FindAsync(partition, Partitions.Count, default));
        }

        return work;
    }

    private static Task FilesAsync(OutboxStage stage, ConversationRef where, int count, DateTimeOffset at) => stage.RunAsync(
        "insert into media_fetch (tenant_id, account_id, message_id, media, next_attempt_at) select $1, $2, gen_random_uuid(), '{}', $3 from generate_series(1, $4)",
        where.Tenant.Value, where.Account.Value, at, count);

    private static Task TurnsAsync(OutboxStage stage, ConversationRef where, int count) => stage.RunAsync(
        "insert into turn (tenant_id, account_id, conversation_id, message_id) select $1, $2, gen_random_uuid(), $3 from generate_series(1, $4)",
        where.Tenant.Value, where.Account.Value, stage.Ids.Next(), count);
}
