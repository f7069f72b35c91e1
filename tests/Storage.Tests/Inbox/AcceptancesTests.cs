using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Maintenance;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Inbox;

/// <summary>What the door counts is what was committed.</summary>
public sealed class AcceptancesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private PostgresInbox _inbox = null!;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        _inbox = new PostgresInbox(_database, new InboxTraffic(TimeProvider.System), new Silence(), new NoArrivals(), new CommitCondition(TimeProvider.System, NullLogger<CommitCondition>.Instance), TimeProvider.System, NullLogger<PostgresInbox>.Instance);
    }

    public async Task DisposeAsync()
    {
        await _inbox.DisposeAsync();
        await _database.DisposeAsync();
    }

    [PostgresFact]
    public async Task Every_webhook_is_counted_for_its_account_once_however_often_they_are_added_up()
    {
        var (first, second) = (await AccountAsync(), await AccountAsync());
        await Task.WhenAll(Enumerable.Range(0, 300).Select(number => AppendAsync(number % 3 == 0 ? first : second)));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Acceptances.AddUpAsync(_database.Pipeline, default)));
        await AppendAsync(first);
        await Acceptances.AddUpAsync(_database.Pipeline, default);

        Assert.Equal("101|200", await ScalarAsync("select string_agg(accepted::text, '|' order by account_id) from acceptance"));
        Assert.Equal(301L, await ScalarAsync("select count(*) from inbox"));
    }

    [PostgresFact]
    public async Task A_half_whose_acceptances_are_not_added_up_is_not_cut()
    {
        await AppendAsync(await AccountAsync());
        await ExecuteAsync("delete from inbox where tenant_id <> '00000000-0000-0000-0000-000000000000'");

        // The other half, which never had a row.
        Assert.Equal(1, await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, 0, default));
        Assert.Equal(1L, await ScalarAsync("select count(*) from inbox"));
        await Acceptances.AddUpAsync(_database.Pipeline, default);

        Assert.Equal(2, await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, 0, default));
        Assert.Equal(1L, await ScalarAsync("select accepted from acceptance"));
    }

    [PostgresFact]
    public async Task They_are_added_up_every_second()
    {
        await AppendAsync(await AccountAsync());
        var clock = new ManualClock();
        using var reclaiming = new InboxReclaiming(_database, clock, NullLogger<InboxReclaiming>.Instance);
        var ticks = clock.TimerSetAsync();
        await reclaiming.StartAsync(default);
        await ticks;

        clock.Advance(TimeSpan.FromSeconds(1));

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await ScalarAsync("select sum(accepted)::bigint from acceptance") is not 1L)
        {
            await Task.Delay(10, deadline.Token);
        }

        await reclaiming.StopAsync(default);
    }

    [PostgresFact]
    public async Task The_sweep_passes_the_counts_by()
    {
        var account = await AccountAsync();
        await AppendAsync(account);
        using var sweep = new Storage.Sweep.PostgresSweep(_database, new Core.Sweep.FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), TimeProvider.System);

        var found = new List<AccountId>();
        for (var partition = 0; partition < Core.Sweep.Partitions.Count; partition++)
        {
            found.AddRange((await sweep.FindAsync(partition, Core.Sweep.Partitions.Count, default)).Inboxes);
        }

        Assert.Equal([account.Account], found);
    }

    private Task AppendAsync((TenantId Tenant, AccountId Account) of) =>
        _inbox.AppendAsync(new InboundWebhook(of.Tenant, of.Account, new WebhookId(_ids.Next()), TimeProvider.System.GetUtcNow(), "", "{}"u8.ToArray()), default);

    private async Task<(TenantId Tenant, AccountId Account)> AccountAsync()
    {
        var (tenant, account) = (_ids.Next(), _ids.Next());
        await ExecuteAsync(
            $"""
            insert into tenant (id, name, created_at) values ('{tenant}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{tenant}', '{tenant}', 'u');
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{tenant}', '{tenant}', 'simulator', '{"{}"}', 'active', now(), now(), now());
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{tenant}', '{account}', '{tenant}', 'simulator', 'a', 'a', '{tenant}', '', '{"{}"}', '{"{}"}', 'active', now(), now(), now())
            """);
        return (new(tenant), new(account));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private sealed class Silence : IInboxHint
    {
        public void Arrived(AccountId account)
        {
        }

        public void PutBack(AccountId account) => throw new NotSupportedException();
    }
}
