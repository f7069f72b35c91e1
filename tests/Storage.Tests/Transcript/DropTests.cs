using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Maintenance;
using Channels.Storage.Migrations;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Transcript;

/// <summary>Nothing vanishes unseen: what has no row is counted under its reason, and what is finished twice is counted once.</summary>
public sealed class DropTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private AccountWriter _writer = null!;
    private TenantId _tenant;
    private AccountId _account;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        _writer = new AccountWriter(_database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        (_tenant, _account) = (new(_ids.Next()), new(_ids.Next()));
        await ExecuteAsync(
            $"""
            insert into tenant (id, name, created_at) values ('{_tenant}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{_tenant}', '{_tenant}', 'u');
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{_tenant}', '{_tenant}', 'simulator', '{"{}"}', 'active', now(), now(), now());
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{_tenant}', '{_account}', '{_tenant}', 'simulator', 'a', 'a', '{_tenant}', '', '{"{}"}', '{"{}"}', 'active', now(), now(), now())
            """);
    }

    public async Task DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _database.DisposeAsync();
    }

    [PostgresFact]
    public async Task Each_event_without_a_row_is_counted_under_its_reason_without_its_details()
    {
        await RecordAsync(new AccountBatch(_tenant, _account)
        {
            Dropped = ["presence", "presence", "moon: landed at 7", "line 7 of it"],
            Contacts = [new ContactChange("stranger", "Ana", null)],
        });
        await RecordAsync(new AccountBatch(_tenant, _account) { Dropped = ["presence", "line 12 of it"] });

        Assert.Equal(
            "line # of it=2|moon=1|name or picture of somebody without a conversation=1|presence=3",
            await ScalarAsync("select string_agg(reason || '=' || dropped, '|' order by reason) from drop_counter where what = 'event'"));
    }

    [PostgresFact]
    public async Task A_webhook_that_is_finished_twice_is_counted_once()
    {
        var webhook = new WebhookId(_ids.Next());
        await ExecuteAsync($"insert into inbox (tenant_id, account_id, id, received_at, path, body) values ('{_tenant}', '{_account}', '{webhook}', now(), '', '')");

        await RecordAsync(new AccountBatch(_tenant, _account) { Finished = [webhook] });
        await RecordAsync(new AccountBatch(_tenant, _account) { Finished = [webhook] });

        Assert.Equal(1L, await ScalarAsync("select webhooks_finished from channel_counter"));
    }

    [PostgresFact]
    public async Task A_receipt_whose_message_never_came_is_counted_when_it_is_forgotten()
    {
        await ExecuteAsync($"insert into early_receipt (account_id, provider_message_id, status, at) values ('{_account}', 'P', 'read', now() - interval '3 days')");

        await new RowTrimming(_database.Requests).EarlyReceiptsAsync(TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(2), default);

        Assert.Equal(1L, await ScalarAsync("select dropped from drop_counter where reason = 'a receipt whose message never came'"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from early_receipt"));
    }

    private Task RecordAsync(AccountBatch batch) =>
        _writer.RunAsync(new RecordOperation(batch, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow()), default);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private object? Scalar(string sql)
    {
        using var command = _db.CreateCommand(sql);
        return command.ExecuteScalar();
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
