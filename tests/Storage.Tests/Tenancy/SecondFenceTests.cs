using Channels.Core.Ids;
using Channels.Storage.Migrations;
using Channels.Storage.Tenancy;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Tenancy;

public sealed class SecondFenceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task A_database_as_the_migrations_left_it_has_its_fence()
    {
        await using var db = await MigratedAsync();

        await SecondFence.CheckAsync(db, default);
    }

    [PostgresTheory]
    [InlineData("drop policy tenant_sees_own on conversation", "its policy on conversation.")]
    [InlineData("alter policy tenant_sees_own on conversation to public", "its policy on conversation.")]
    [InlineData("revoke select on outbox, turn from channels_tenant", "its right to read outbox, turn.")]
    [InlineData("alter table account disable row level security", "row-level security on account.")]
    [InlineData("drop policy tenant_sees_own on tenant; alter table tenant disable row level security", "row-level security on tenant; its policy on tenant.")]
    public async Task What_is_missing_is_named_together_with_what_to_do(string loss, string named)
    {
        await using var db = await MigratedAsync();
        await RunAsync(db, loss);

        var refused = await Assert.ThrowsAsync<FenceException>(() => SecondFence.CheckAsync(db, default));

        Assert.Contains($"keeps tenants apart: {named}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("create role channels_tenant nologin; grant channels_tenant to ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("restore the dump anew", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>What a restore without the role leaves: the tables, and that they are guarded.</summary>
    [PostgresFact]
    public async Task A_database_that_lost_all_of_it_is_refused_in_a_few_words()
    {
        await using var db = await MigratedAsync();
        // Not the role: it is the server's, and other tests' databases are fenced by it.
        await RunAsync(db, """
            do $$
            declare
              t text;
            begin
              for t in select tablename from pg_policies where schemaname = current_schema()
              loop
                execute format('drop policy tenant_sees_own on %I; revoke all on %I from channels_tenant', t, t);
              end loop;
            end $$
            """);

        var refused = await Assert.ThrowsAsync<FenceException>(() => SecondFence.CheckAsync(db, default));

        Assert.Matches(@"its policy on acceptance, account, account_status_history and \d\d more; its right to read acceptance, account, account_status_history and \d\d more\.", refused.Message);
    }

    [PostgresFact]
    public async Task Whoever_is_no_member_of_the_role_is_told_that_a_grant_is_enough()
    {
        await using var db = await MigratedAsync();
        await RunAsync(db, "create role fence_stranger");
        await using var asStranger = NpgsqlDataSource.Create($"{db.ConnectionString};Options=-c role=fence_stranger;Pooling=false");

        var refused = await Assert.ThrowsAsync<FenceException>(() => SecondFence.CheckAsync(asStranger, default));

        Assert.EndsWith(
            "keeps tenants apart: the membership of fence_stranger in the role channels_tenant. As an administrator of the server: grant channels_tenant to fence_stranger;",
            refused.Message, StringComparison.Ordinal);
        await RunAsync(db, "drop role fence_stranger");
    }

    /// <summary>Without being an administrator. Since PostgreSQL 16 who made the role is a member of it, and can become it once he has granted it to himself.</summary>
    [PostgresFact]
    public async Task A_user_who_owns_the_database_and_may_create_roles_can_act_for_a_tenant()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await RunAsync(db, """
            do $$
            begin
              if not exists (select from pg_roles where rolname = 'channels_tenant') then
                create role channels_tenant nologin;
              end if;
              drop role if exists fence_owner;
              create role fence_owner createrole;
              if current_setting('server_version_num')::int >= 160000 then
                execute 'grant channels_tenant to fence_owner with admin true, inherit false, set false';
              end if;
              execute format('alter database %I owner to fence_owner', current_database());
              alter schema public owner to fence_owner;
            end $$
            """);
        try
        {
            var owners = new NpgsqlDataSourceBuilder($"{db.ConnectionString};Pooling=false");
            // Not the role alone: whom it may become is asked of the session's user.
            owners.UsePhysicalConnectionInitializer(_ => throw new NotSupportedException(), async connection =>
            {
                await using var become = new NpgsqlCommand("set session authorization fence_owner", connection);
                await become.ExecuteNonQueryAsync();
            });
            await using (var asOwner = owners.Build())
            {
                await Migrator.MigrateAsync(asOwner, TimeProvider.System, NullLogger.Instance, default);
                await SecondFence.CheckAsync(asOwner, default);

                await using (var reading = await new TenantScope(asOwner).QueryAsync(new(new IdSource(TimeProvider.System).Next()), [Sql.Statement("select current_user::text")], default))
                {
                    Assert.True(await reading.Rows.ReadAsync());
                    Assert.Equal("channels_tenant", reading.Rows.GetString(0));
                }

                await using var connection = await asOwner.OpenConnectionAsync();
                if (connection.PostgreSqlVersion.Major >= 16)
                {
                    await RunAsync(asOwner, "revoke channels_tenant from fence_owner granted by fence_owner");
                    await Assert.ThrowsAsync<FenceException>(() => SecondFence.CheckAsync(asOwner, default));
                }
            }
        }
        finally
        {
            await RunAsync(db, "reassign owned by fence_owner to current_user; drop owned by fence_owner; drop role fence_owner");
        }
    }

    private async Task<NpgsqlDataSource> MigratedAsync()
    {
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        return db;
    }

    private static async Task RunAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
