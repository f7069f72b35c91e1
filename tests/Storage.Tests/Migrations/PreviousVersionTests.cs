using Channels.Core.Ids;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Migrations;

/// <summary>What the version before writes while an upgrade is under way.</summary>
public sealed class PreviousVersionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task A_channel_made_by_a_version_that_knows_no_kind_of_account_has_its_connectors()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        var tenant = new IdSource(TimeProvider.System).Next();

        await RunAsync(
            db,
            $"""
            insert into tenant (id, name, created_at) values ('{tenant}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{tenant}', '{tenant}', 'u');
            begin;
            select set_config('channels.tenant', '{tenant}', true), set_config('role', 'channels_tenant', true);
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{tenant}', '{tenant}', 'simulator', '{"{}"}', 'pending', now(), now(), now());
            insert into account (tenant_id, id, connector_id, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{tenant}', '{tenant}', '{tenant}', 'a', 'a', '{tenant}', '', '{"{}"}', '{"{}"}', 'pending', now(), now(), now());
            commit
            """);

        await using var kind = db.CreateCommand("select kind from account");
        Assert.Equal("simulator", await kind.ExecuteScalarAsync());
    }

    [PostgresFact]
    public async Task What_it_makes_of_a_connector_is_what_channels_are_listed_by()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        var tenant = new IdSource(TimeProvider.System).Next();
        await RunAsync(
            db,
            $"""
            insert into tenant (id, name, created_at) values ('{tenant}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{tenant}', '{tenant}', 'u');
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{tenant}', '{tenant}', 'simulator', '{"{}"}', 'error', now(), now(), now());
            insert into account (tenant_id, id, connector_id, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{tenant}', '{tenant}', '{tenant}', 'a', 'a', '{tenant}', '', '{"{}"}', '{"{}"}', 'active', now(), now(), now());
            """);
        await using var shown = db.CreateCommand("select shown_status from account");

        var made = await shown.ExecuteScalarAsync();
        await RunAsync(db, "update connector set status = 'disabled'");
        var disabled = await shown.ExecuteScalarAsync();
        await RunAsync(db, "update connector set status = 'active'");

        Assert.Equal(("error", "inactive", "active"), (made, disabled, await shown.ExecuteScalarAsync()));
    }

    private static async Task RunAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
