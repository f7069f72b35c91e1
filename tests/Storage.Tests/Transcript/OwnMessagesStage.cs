using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Storage.Outbox;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Transcript;

/// <summary>One account with a conversation, on a clock of its own, in which replies are sent and their echoes come back.</summary>
internal sealed class OwnMessagesStage : IAsyncDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ManualClock _clock = new(Noon);
    private readonly IdSource _ids = new(new ManualClock(Noon.AddMinutes(-1)));
    private readonly NpgsqlDataSource _db;
    private readonly AccountWriter _writer;

    private OwnMessagesStage(NpgsqlDataSource db)
    {
        _db = db;
        Database = new ChannelsDatabase(db.ConnectionString);
        _writer = new AccountWriter(Database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        Transcript = new PostgresTranscript(_writer, Database, _clock);
        Outbox = new PostgresOutbox(_writer, Database, _clock);
        Where = new(new(_ids.Next()), new(_ids.Next()), new(_ids.Next()));
    }

    public ChannelsDatabase Database { get; }

    public PostgresTranscript Transcript { get; }

    public PostgresOutbox Outbox { get; }

    public AccountWriter Writer => _writer;

    public ConversationRef Where { get; }

    public static async Task<OwnMessagesStage> OpenAsync(PostgresFixture postgres)
    {
        var db = await postgres.CreateDatabaseAsync();
        var stage = new OwnMessagesStage(db);
        await stage.MigrateAsync();
        await stage.ConversationAsync(stage.Where.Conversation, "549");
        return stage;
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await Database.DisposeAsync();
    }

    public Task MigrateAsync() => Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);

    public Guid Next() => _ids.Next();

    /// <summary>Another conversation of the account.</summary>
    public async Task<ConversationRef> ConversationAsync(string chat)
    {
        var made = new ConversationId(_ids.Next());
        await ConversationAsync(made, chat);
        return Where with { Conversation = made };
    }

    /// <summary>A reply that the provider has been asked to send.</summary>
    public async Task<QueuedReply> SendingAsync(ConversationRef where, string text, int state = 1, bool possiblyDuplicate = false)
    {
        var reply = new QueuedReply(new(_ids.Next()), where.Conversation, "549", text, ReplyTo: null);
        await RunAsync(
            $"""
            insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at, possibly_duplicate)
            values ('{where.Tenant}', '{where.Account}', '{reply.Id}', '{where.Conversation}', true, 1, 'message.text', '{text}', 'queued', now(), {possiblyDuplicate});
            insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at, sending_since, possibly_duplicate)
            values ('{where.Tenant}', '{where.Account}', '{reply.Id}', '{where.Conversation}', {state}, 1, now(), now(), {possiblyDuplicate})
            """);
        return reply;
    }

    public HeldEcho Echo(ConversationRef where, string id, string text, TimeSpan patience) => new(
        new RecordedMessage(
            new MessageId(_ids.Next()), where.Conversation, Outbound: true, Author.Person, "echo.text", id, "message", "", text, "sent", null, null, null, Noon, null,
            StartsTurn: false, History: false),
        Noon + patience,
        PausesAgent: true);

    public AccountBatch Batch() => new(Where.Tenant, Where.Account) { TakeoverPause = TimeSpan.FromHours(1) };

    public Task<RecordResult> RecordAsync(AccountBatch batch) => Transcript.RecordAsync(batch, default);

    public Task<EchoResult> SettleEchoesAsync(DateTimeOffset now) => Transcript.SettleEchoesAsync(Where.Tenant, Where.Account, now, TimeSpan.FromHours(1), default);

    public Task SettleAsync(QueuedReply reply, SendOutcome outcome, int attempt = 1) => Outbox.SettleAsync(new(Where.Tenant, Where.Account, reply, outcome, Noon, attempt), default);

    /// <summary>Runs what is begun in <paramref name="begin"/> in one transaction: it gathers in the lane behind one that waits for a row.</summary>
    public async Task TogetherAsync(params Func<Task>[] begin)
    {
        await using var holder = await _db.OpenConnectionAsync();
        await using var held = await holder.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand($"select from conversation where id = '{Where.Conversation}' for update", holder, held))
        {
            await take.ExecuteNonQueryAsync();
        }

        var waiting = RecordAsync(Batch() with { Resumptions = [new Resumption(Where.Conversation, Noon.AddDays(-1), _ids.Next())] });
        await using (var waits = _db.CreateCommand("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))
        {
            while (await waits.ExecuteScalarAsync() is 0L)
            {
                await Task.Yield();
            }
        }

        var begun = begin.Select(one => one()).ToList();
        await held.CommitAsync();
        await waiting;
        await Task.WhenAll(begun);
    }

    public async Task RunAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private Task ConversationAsync(ConversationId id, string chat) => RunAsync(
        $"insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ('{Where.Tenant}', '{Where.Account}', '{id}', '{chat}', 'direct', now())");
}
