using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Transcript;

/// <summary>A receipt that brings back our own id proves that a reply left whose answer never came.</summary>
public sealed class ProvenSendTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const int Queued = 0;
    private const int Sending = 1;
    private const int Unknown = 2;

    private readonly IdSource _ids = new(TimeProvider.System);
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private AccountWriter _writer = null!;
    private TenantId _tenant;
    private AccountId _account;
    private Guid _conversation;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        _writer = new AccountWriter(_database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        (_tenant, _account, _conversation) = (new(_ids.Next()), new(_ids.Next()), _ids.Next());
    }

    public async Task DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _database.DisposeAsync();
    }

    [PostgresTheory]
    [InlineData(Unknown, "sent", "sent")]
    [InlineData(Unknown, "delivered", "delivered")]
    [InlineData(Unknown, "failed", "failed")]
    [InlineData(Sending, "read", "read")]
    public async Task A_reply_under_way_or_unknown_is_settled_by_it(int state, string receipt, string expected)
    {
        var reply = await ReplyAsync(state);

        await RecordAsync(new DeliveryReceipt(null, "wamid.A", receipt, receipt == "failed" ? "window-closed: too late" : null, reply));
        await RecordAsync(new DeliveryReceipt(null, "wamid.A", receipt, null, reply));

        Assert.Equal($"{expected}|wamid.A", await ScalarAsync($"select status || '|' || provider_message_id from transcript where id = '{reply}'"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from outbox"));
        Assert.Equal(1L, await ScalarAsync("select messages_sent from channel_counter"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from early_receipt"));
    }

    [PostgresFact]
    public async Task A_later_receipt_without_our_id_finds_it_too()
    {
        var reply = await ReplyAsync(Unknown);

        await RecordAsync(new DeliveryReceipt(null, "wamid.A", "sent", null, reply));
        await RecordAsync(new DeliveryReceipt(null, "wamid.A", "read", null));

        Assert.Equal("read", await ScalarAsync($"select status from transcript where id = '{reply}'"));
    }

    [PostgresFact]
    public async Task A_reply_that_waits_to_be_sent_is_settled_by_nothing()
    {
        var reply = await ReplyAsync(Queued);

        await RecordAsync(new DeliveryReceipt(null, "wamid.A", "sent", null, reply));

        Assert.Equal("queued", await ScalarAsync($"select status from transcript where id = '{reply}'"));
        Assert.Equal(1L, await ScalarAsync("select count(*) from outbox"));
    }

    [PostgresFact]
    public async Task A_reply_that_waits_to_be_sent_once_more_is_settled_by_the_status_of_its_first_copy()
    {
        var reply = await ReplyAsync(Queued);
        await ExecuteAsync("update outbox set possibly_duplicate = true");

        await RecordAsync(new DeliveryReceipt(null, "wamid.A", "delivered", null, reply));

        Assert.Equal("delivered|wamid.A", await ScalarAsync($"select status || '|' || provider_message_id from transcript where id = '{reply}'"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from outbox"));
    }

    [PostgresFact]
    public async Task Another_accounts_receipt_settles_nothing_of_ours()
    {
        var reply = await ReplyAsync(Unknown);
        var ours = _account;
        _account = new(_ids.Next());

        await RecordAsync(new DeliveryReceipt(null, "wamid.A", "sent", null, reply));

        Assert.Equal("unknown", await ScalarAsync($"select status from transcript where id = '{reply}'"));
        Assert.Equal(1L, await ScalarAsync($"select count(*) from outbox where account_id = '{ours}'"));
    }

    private async Task<MessageId> ReplyAsync(int state)
    {
        var id = _ids.Next();
        await ExecuteAsync(
            $"""
            insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at)
            values ('{_tenant}', '{_account}', '{id}', '{_conversation}', true, 1, 'message.text', 'x', '{state switch { Queued => "queued", Sending => "sending", _ => "unknown" }}', now());
            insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at, sending_since)
            values ('{_tenant}', '{_account}', '{id}', '{_conversation}', {state}, 1, now(), now())
            """);
        return new(id);
    }

    private Task RecordAsync(DeliveryReceipt receipt) => _writer.RunAsync(
        new RecordOperation(new AccountBatch(_tenant, _account) { Receipts = [receipt] }, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow()), default);

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
}
