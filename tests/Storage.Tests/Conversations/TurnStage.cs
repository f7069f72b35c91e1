using Channels.Core.Ids;
using Channels.Storage.Batching;
using Channels.Storage.Conversations;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Conversations;

/// <summary>A database with one conversation, in which turns are put, and what reads and ends them.</summary>
public abstract class TurnStage(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    protected static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private ConversationLoader _loader = null!;

    private protected ManualClock Clock { get; } = new(Now);

    private protected IdSource Ids { get; } = new(new ManualClock(Now.AddMinutes(-1)));

    private protected NpgsqlDataSource Db { get; private set; } = null!;

    private protected ChannelsDatabase Database { get; private set; } = null!;

    private protected AccountWriter Writer { get; private set; } = null!;

    private protected PostgresConversations Store { get; private set; } = null!;

    private protected ConversationRef Where { get; private set; }

    public async Task InitializeAsync()
    {
        Db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(Db, TimeProvider.System, NullLogger.Instance, default);
        Database = new ChannelsDatabase(Db.ConnectionString);
        Writer = new AccountWriter(Database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        _loader = new ConversationLoader(Database, NullLogger<ConversationLoader>.Instance);
        Store = new PostgresConversations(Writer, _loader, Database, Clock);
        Where = new(new(Ids.Next()), new(Ids.Next()), new(Ids.Next()));
        await RunAsync("insert into tenant (id, name, created_at) values ($1, 't', now())", Where.Tenant.Value);
        await RunAsync("insert into org_unit (tenant_id, id, name) values ($1, $1, 'u')", Where.Tenant.Value);
        await RunAsync(
            "insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ($1, $1, 'simulator', '{}', 'active', now(), now(), now())",
            Where.Tenant.Value);
        await RunAsync(
            """
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ($1, $2, $1, 'simulator', 'a', 'a', $1, '', '{}', '{}', 'active', now(), now(), now())
            """,
            Where.Tenant.Value, Where.Account.Value);
        await RunAsync(
            "insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ($1, $2, $3, '549', 'direct', now())",
            Where.Tenant.Value, Where.Account.Value, Where.Conversation.Value);
    }

    public async Task DisposeAsync()
    {
        await Writer.DisposeAsync();
        await _loader.DisposeAsync();
        await Database.DisposeAsync();
    }

    private protected Task<MessageId> TurnAsync() => TurnAsync(Where);

    private protected async Task<MessageId> TurnAsync(ConversationRef where, IdSource? ids = null, string text = "hola", string? details = null)
    {
        var id = (ids ?? Ids).Next();
        await RunAsync(
            "insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, details, status, occurred_at) values ($1, $2, $3, $4, false, 0, 'message.text', $5, $6::text::jsonb, 'received', now())",
            where.Tenant.Value, where.Account.Value, id, where.Conversation.Value, text, (object?)details ?? DBNull.Value);
        await RunAsync(
            "insert into turn (tenant_id, account_id, conversation_id, message_id) values ($1, $2, $3, $4)",
            where.Tenant.Value, where.Account.Value, where.Conversation.Value, id);
        return new MessageId(id);
    }

    private protected async Task RunAsync(string sql, params object[] values)
    {
        await using var command = Db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    private protected async Task<object?> ScalarAsync(string sql)
    {
        await using var command = Db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
