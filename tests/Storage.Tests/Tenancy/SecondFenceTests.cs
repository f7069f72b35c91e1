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
