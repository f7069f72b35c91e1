using Channels.Core.History;
using Channels.Core.Ids;
using Channels.Storage.Database;
using Channels.Storage.History;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.History;

public sealed class HistoryImportsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly IdSource _ids = new(new ManualClock(Now));
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private PostgresHistoryImports _imports = null!;
    private TenantId _tenant;
    private AccountId _account;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        _imports = new PostgresHistoryImports(_database);
        (_tenant, _account) = (new(_ids.Next()), new(_ids.Next()));
        await using var seed = _db.CreateCommand(
            $"""
            insert into tenant (id, name, created_at) values ('{_tenant}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{_tenant}', '{_tenant}', 'u');
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at)
            values ('{_tenant}', '{_tenant}', 'simulator', '{"{}"}', 'active', now(), now(), now());
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{_tenant}', '{_account}', '{_tenant}', 'simulator', 'a', 'a', '{_tenant}', '', '{"{}"}', '{"{}"}', 'active', now(), now(), now())
            """);
        await seed.ExecuteNonQueryAsync();
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [PostgresTheory]
    [InlineData(HistoryImportState.Cancelled)]
    [InlineData(HistoryImportState.Failed)]
    public async Task What_has_ended_is_not_brought_back_by_a_page_that_was_being_saved(HistoryImportState ended)
    {
        var running = new HistoryImport(_ids.Next(), HistoryStrategy.All, null, HistoryImportState.Running, 100, "2:100", null, null, 0, Now, Now, null);
        await SaveAsync(running);

        await SaveAsync(running with { State = ended, Reason = "why", EndedAt = Now });
        await SaveAsync(running with { Read = 200, Cursor = "3:100" });

        var kept = await _imports.FindAsync(_tenant, _account, default);
        Assert.Equal((ended, 100L, "why"), (kept!.State, kept.Read, kept.Reason));
    }

    [PostgresFact]
    public async Task The_next_import_begins_anew()
    {
        var first = new HistoryImport(_ids.Next(), HistoryStrategy.All, null, HistoryImportState.Cancelled, 100, "2:100", null, null, 0, Now, Now, Now);
        await SaveAsync(first);

        await SaveAsync(first with { Id = _ids.Next(), State = HistoryImportState.Running, Read = 0, Cursor = null, EndedAt = null });

        Assert.Equal(HistoryImportState.Running, (await _imports.FindAsync(_tenant, _account, default))!.State);
    }

    private Task SaveAsync(HistoryImport import) => _imports.SaveAsync(_tenant, _account, import, default);
}
