using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Transcript;
using Channels.Core.Conversations;
using Channels.Core.Sweep;
using Channels.Storage.Batching;
using Channels.Storage.Conversations;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Media;
using Channels.Storage.Migrations;
using Channels.Storage.Sweep;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Media;

/// <summary>Files to be fetched come with their message and go when they are settled; history stands where it belongs and is known again.</summary>
public sealed class MediaFetchTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly IdSource _ids = new(TimeProvider.System);
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private AccountWriter _writer = null!;
    private TenantId _tenant;
    private AccountId _account;
    private ConversationId _conversation;

    private PostgresMediaFetches Fetches => new(_database);

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        _writer = new AccountWriter(_database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        (_tenant, _account, _conversation) = (new(_ids.Next()), new(_ids.Next()), new(_ids.Next()));
        await ConversationAsync(_conversation);
    }

    public async Task DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _database.DisposeAsync();
    }

    [PostgresFact]
    public async Task A_duplicate_brings_no_second_fetch_and_the_file_comes_back_as_it_was_named()
    {
        var media = new MediaReference("image/jpeg", 17, Url: "http://f/1", InlineData: "never kept") { Id = "F1", Auth = "X-Api-Key" };
        var first = Message("P1") with { Fetch = media };

        await RecordAsync(first);
        await RecordAsync(Message("P1") with { Fetch = media });

        var (due, _) = await Fetches.LoadAsync(_tenant, _account, Now, 10, default);
        var fetch = Assert.Single(due);
        Assert.Equal((first.Id, media with { InlineData = null }, 0), (fetch.Message, fetch.Media, fetch.Attempts));
    }

    [PostgresFact]
    public async Task What_is_postponed_is_due_later_and_what_is_settled_is_told_once()
    {
        var message = Message("P1") with { Fetch = new MediaReference("image/jpeg") { Id = "F1" }, DetailsJson = """{"media":{"id":"F1","mime":"image/jpeg"},"view_once":true}""" };
        await RecordAsync(message);

        await Fetches.PostponeAsync(_tenant, _account, message.Id, Now.AddMinutes(5), "busy", attempted: true, default);
        var (none, next) = await Fetches.LoadAsync(_tenant, _account, Now, 10, default);
        var (due, _) = await Fetches.LoadAsync(_tenant, _account, Now.AddMinutes(5), 10, default);
        var settlement = new MediaSettlement("sha256-1", "image/png", "a.png", 3, null);
        await Fetches.SettleAsync(_tenant, _account, message.Id, settlement, default);
        await Fetches.SettleAsync(_tenant, _account, message.Id, settlement, default);

        Assert.Empty(none);
        Assert.Equal(Now.AddMinutes(5), next);
        Assert.Equal(1, Assert.Single(due).Attempts);
        Assert.Equal((0, null), ((await Fetches.LoadAsync(_tenant, _account, Now.AddDays(1), 10, default)).Due.Length, (await Fetches.LoadAsync(_tenant, _account, Now.AddDays(1), 10, default)).Next));
        Assert.Equal(
            """{"media": {"id": "F1", "mime": "image/png", "bytes": 3, "filename": "a.png"}, "media_id": "sha256-1", "view_once": true}""",
            await ScalarAsync("select details::text from transcript"));
        Assert.Equal("message.media_stored", await ScalarAsync("select string_agg(type, ',') from event where type like 'message.media%'"));
    }

    [PostgresFact]
    public async Task A_file_that_is_given_up_says_why_on_its_message()
    {
        var message = Message("P1") with { Fetch = new MediaReference() { Id = "F1" } };
        await RecordAsync(message);

        await Fetches.SettleAsync(_tenant, _account, message.Id, new MediaSettlement(null, null, null, null, "expired"), default);

        Assert.Equal("expired", await ScalarAsync("select details->>'media_missing' from transcript"));
        Assert.Equal(1L, await ScalarAsync("select count(*) from event where type = 'message.media_missing'"));
    }

    [PostgresFact]
    public async Task Whoever_waits_for_the_file_finds_it_with_the_turn_and_is_named_when_it_is_settled()
    {
        var message = Message("P1") with { Fetch = new MediaReference() { Id = "F1" }, StartsTurn = true, TurnWaitsUntil = Now.AddSeconds(30) };
        await RecordAsync(message);
        await using var loader = new ConversationLoader(_database, NullLogger<ConversationLoader>.Instance);
        var where = new ConversationRef(_tenant, _account, _conversation);

        await Fetches.PostponeAsync(_tenant, _account, message.Id, Now.AddMinutes(5), "busy", attempted: true, default);
        var waiting = Assert.Single((await loader.LoadAsync(where, default))!.Turns);
        var told = await Fetches.SettleAsync(_tenant, _account, message.Id, new MediaSettlement("sha256-1", null, null, 3, null), default);
        var ready = Assert.Single((await loader.LoadAsync(where, default))!.Turns);

        Assert.Equal(new PendingFile(Now.AddSeconds(30), "busy"), waiting.File);
        Assert.Equal(_conversation, told);
        Assert.Null(ready.File);
        Assert.Contains("sha256-1", ready.DetailsJson, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task The_sweep_passes_by_a_turn_that_waits_for_its_file_until_that_is_settled_or_the_wait_is_over()
    {
        var clock = new ManualClock();
        await ScalarAsync($"insert into tenant (id, name, created_at) values ('{_tenant}', 't', now())");
        await ScalarAsync($"insert into org_unit (tenant_id, id, name) values ('{_tenant}', '{_tenant}', 'u')");
        await ScalarAsync($"insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{_tenant}', '{_tenant}', 'simulator', '{{}}', 'active', now(), now(), now())");
        await ScalarAsync(
            $$"""
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{{_tenant}}', '{{_account}}', '{{_tenant}}', 'simulator', 'a', 'a', '{{_tenant}}', '', '{}', '{}', 'active', now(), now(), now())
            """);
        var now = clock.GetUtcNow();
        var ids = new IdSource(clock);
        RecordedMessage Waiting(string id, double seconds) =>
            Message(id) with { Id = new MessageId(ids.Next()), Conversation = new ConversationId(ids.Next()), Fetch = new MediaReference() { Id = id }, StartsTurn = true, TurnWaitsUntil = now.AddSeconds(seconds) };
        var (brief, long_, settled, wrong) = (Waiting("P1", 5), Waiting("P2", 300), Waiting("P3", 300), Waiting("P4", 86_400));
        foreach (var chat in new[] { brief, long_, settled, wrong })
        {
            await ConversationAsync(chat.Conversation);
        }

        await RecordAsync(brief, long_, settled, wrong);
        await Fetches.SettleAsync(_tenant, _account, settled.Id, new MediaSettlement(null, null, null, null, "gone"), default);

        clock.Advance(TimeSpan.FromSeconds(6));
        using var sweep = new PostgresSweep(_database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), clock);
        var found = new List<ConversationId>();
        for (var partition = 0; partition < Partitions.Count; partition++)
        {
            found.AddRange((await sweep.FindAsync(partition, Partitions.Count, default)).Turns.Select(turn => turn.Conversation));
        }

        // What waits for longer than anybody may was written by a clock that was ahead.
        Assert.Equal(new[] { brief, settled, wrong }.Select(one => one.Conversation).ToHashSet(), found.ToHashSet());
    }

    [PostgresFact]
    public async Task History_that_is_here_is_known_after_its_keys_are_forgotten()
    {
        var then = Now.AddDays(-90);
        var live = Message("P1") with { Id = new MessageId(_ids.At(then.AddMinutes(3))), OccurredAt = then };
        await RecordAsync(live);
        await ScalarAsync("with gone as (delete from message_key returning 1) select count(*) from gone");

        await RecordAsync(
            Message("P1") with { Id = new MessageId(_ids.At(then)), OccurredAt = then, History = true, Kind = EventKinds.HistoryMessage },
            Message("P0") with { Id = new MessageId(_ids.At(then.AddDays(-1))), OccurredAt = then.AddDays(-1), History = true, Kind = EventKinds.HistoryMessage });
        await ScalarAsync("with gone as (delete from message_key returning 1) select count(*) from gone");
        await RecordAsync(Message("P0") with { Id = new MessageId(_ids.At(then.AddDays(-1))), OccurredAt = then.AddDays(-1), History = true, Kind = EventKinds.HistoryMessage });

        // In the order of their times, each once.
        Assert.Equal("P0,P1", await ScalarAsync("select string_agg(provider_message_id, ',' order by id) from transcript"));
    }

    private async Task ConversationAsync(ConversationId id) => await ScalarAsync(
        $"insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ('{_tenant}', '{_account}', '{id}', '549', 'direct', now())");

    private RecordedMessage Message(string providerId) => new(
        new MessageId(_ids.Next()), _conversation, Outbound: false, Author.Contact, EventKinds.MessageImage, providerId, "message", "", null, "received", null, "549", "Ana", Now, null,
        StartsTurn: false, History: false);

    private Task RecordAsync(params RecordedMessage[] messages) => _writer.RunAsync(
        new RecordOperation(new AccountBatch(_tenant, _account) { Messages = [.. messages], Finished = [new WebhookId(_ids.Next())] }, Now, Now), default);

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
