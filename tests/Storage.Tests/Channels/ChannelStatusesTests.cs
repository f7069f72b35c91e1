using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Database;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Channels;

/// <summary>Account and connector are written by different grains, and at their owner's word, at the same moment.</summary>
public sealed class ChannelStatusesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task A_connectors_change_waits_for_its_account_and_holds_nothing_that_who_has_the_account_needs()
    {
        var ids = new IdSource(TimeProvider.System);
        var id = ids.Next();
        await using var db = await MadeAsync(id);
        await using var database = new ChannelsDatabase(db.ConnectionString);
        await using var connection = await db.OpenConnectionAsync();
        await using var edit = await connection.BeginTransactionAsync();
        await RunAsync(connection, "select from account for update");
        var change = new ChannelStatuses(database, ids, TimeProvider.System).SetConnectorAsync(new(id), new(id), ConnectorStatus.Error, "down", "It is down.", default);
        await Eventually.TrueAsync("the change to wait", () =>
        {
            using var waiting = db.CreateCommand("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
            return (long)waiting.ExecuteScalar()! == 1;
        });

        // Held by the change, this would be a deadlock in the making; it fails at once.
        await RunAsync(connection, "select from connector for update nowait");
        await edit.CommitAsync();

        Assert.True(await change);
        await using var shown = db.CreateCommand("select shown_status from account");
        Assert.Equal("error", await shown.ExecuteScalarAsync());
    }

    [PostgresFact]
    public async Task What_was_seen_of_an_account_does_not_switch_it_on_again_and_its_owner_does()
    {
        var ids = new IdSource(TimeProvider.System);
        var id = ids.Next();
        await using var db = await MadeAsync(id);
        await using var database = new ChannelsDatabase(db.ConnectionString);
        var statuses = new ChannelStatuses(database, ids, TimeProvider.System);

        Assert.True(await statuses.ObserveAccountAsync(new(id), new(id), AccountStatus.Error, "unauthorized", "No.", null, default));
        Assert.True(await statuses.SetAccountAsync(new(id), new(id), AccountStatus.Inactive, null, null, "Activate it.", default));
        Assert.False(await statuses.ObserveAccountAsync(new(id), new(id), AccountStatus.Active, null, null, null, default));
        Assert.Equal("inactive: Activate it.", await ShownAsync());
        Assert.True(await statuses.SetAccountAsync(new(id), new(id), AccountStatus.Active, null, null, null, default));
        Assert.Equal("active: ", await ShownAsync());

        async Task<object?> ShownAsync()
        {
            await using var shown = db.CreateCommand("select status || ': ' || coalesce(next_step, '') from account");
            return await shown.ExecuteScalarAsync();
        }
    }

    [PostgresFact]
    public async Task What_is_wrong_beside_an_account_that_works_is_told_when_it_begins_changes_and_ends()
    {
        var ids = new IdSource(TimeProvider.System);
        var id = ids.Next();
        await using var db = await MadeAsync(id);
        await using var database = new ChannelsDatabase(db.ConnectionString);
        var statuses = new ChannelStatuses(database, ids, TimeProvider.System);

        foreach (var (code, isNews) in ((string?, bool)[])[(null, false), ("webhook-failing", true), ("webhook-failing", false), ("updates-missing", true), (null, true)])
        {
            Assert.Equal(isNews, await statuses.ObserveAccountAsync(new(id), new(id), AccountStatus.Active, code, code, null, default));
        }

        const string told = "active webhook-failing, active updates-missing, active -";
        Assert.Equal(told, await ShownAsync("select string_agg(status || ' ' || coalesce(code, '-'), ', ' order by id) from account_status_history"));
        Assert.Equal(told, await ShownAsync("select string_agg((data->>'status') || ' ' || coalesce(data->>'code', '-'), ', ' order by id) from event"));
        Assert.Equal(true, await ShownAsync("select status_since = created_at from account"));

        async Task<object?> ShownAsync(string sql)
        {
            await using var shown = db.CreateCommand(sql);
            return await shown.ExecuteScalarAsync();
        }
    }

    private async Task<NpgsqlDataSource> MadeAsync(Guid id)
    {
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        await using var make = db.CreateCommand(
            $$"""
            insert into tenant (id, name, created_at) values ('{{id}}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{{id}}', '{{id}}', 'u');
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{{id}}', '{{id}}', 'simulator', '{}', 'active', now(), now(), now());
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{{id}}', '{{id}}', '{{id}}', 'simulator', 'a', 'a', '{{id}}', '', '{}', '{}', 'active', now(), now(), now())
            """);
        await make.ExecuteNonQueryAsync();
        return db;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
