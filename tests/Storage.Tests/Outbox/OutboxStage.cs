using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Storage.Outbox;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Outbox;

/// <summary>A database with tenants, channels, conversations and replies that wait.</summary>
internal sealed class OutboxStage : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly NpgsqlDataSource _db;
    private readonly AccountWriter _writer;

    private OutboxStage(NpgsqlDataSource db)
    {
        _db = db;
        Database = new ChannelsDatabase(db.ConnectionString);
        _writer = new AccountWriter(Database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        Outbox = new PostgresOutbox(_writer, Database, Clock);
    }

    public ManualClock Clock { get; } = new(Now);

    /// <summary>A minute ago.</summary>
    public IdSource Ids { get; } = new(new ManualClock(Now.AddMinutes(-1)));

    public ChannelsDatabase Database { get; }

    public PostgresOutbox Outbox { get; }

    public static async Task<OutboxStage> StartAsync(PostgresFixture postgres)
    {
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        return new OutboxStage(db);
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>A tenant of its own with one channel.</summary>
    public async Task<ConversationRef> ChannelAsync()
    {
        var where = new ConversationRef(new(Ids.Next()), new(Ids.Next()), new(Ids.Next()));
        await RunAsync("insert into tenant (id, name, created_at) values ($1, $1::text, now())", where.Tenant.Value);
        await RunAsync("insert into org_unit (tenant_id, id, name) values ($1, $1, 'u')", where.Tenant.Value);
        await RunAsync(
            "insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ($1, $1, 'simulator', '{}', 'active', now(), now(), now())",
            where.Tenant.Value);
        return await ChannelAsync(where.Tenant);
    }

    /// <summary>A further channel of a tenant.</summary>
    public async Task<ConversationRef> ChannelAsync(TenantId tenant)
    {
        var account = new AccountId(Ids.Next());
        await RunAsync(
            """
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ($1, $2, $1, 'simulator', $2::text, $2::text, $1, '', '{}', '{}', 'active', now(), now(), now())
            """,
            tenant.Value, account.Value);
        return await ConversationAsync(new(tenant, account, default));
    }

    /// <summary>A further conversation of a channel.</summary>
    public async Task<ConversationRef> ConversationAsync(ConversationRef of)
    {
        var where = of with { Conversation = new(Ids.Next()) };
        await RunAsync(
            "insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ($1, $2, $3, $3::text, 'direct', now())",
            where.Tenant.Value, where.Account.Value, where.Conversation.Value);
        return where;
    }

    /// <summary>A queued reply.</summary>
    public async Task<QueuedReply> ReplyAsync(ConversationRef where, string text = "hola", OutboundContent? content = null)
    {
        var id = Ids.Next();
        await RunAsync(
            "insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at) values ($1, $2, $3, $4, true, 0, 'message.text', $5, 'queued', now())",
            where.Tenant.Value, where.Account.Value, id, where.Conversation.Value, text);
        await RunAsync(
            "insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at, content) values ($1, $2, $3, $4, 0, 0, $5, $6::jsonb)",
            where.Tenant.Value, where.Account.Value, id, where.Conversation.Value, Now.AddMinutes(-1), (object?)OutboundContentJson.Write(content) ?? DBNull.Value);
        return new QueuedReply(new MessageId(id), where.Conversation, where.Conversation.Value.ToString(), text, ReplyTo: null, content);
    }

    public async Task RunAsync(string sql, params object[] values)
    {
        await using var command = _db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    public async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
