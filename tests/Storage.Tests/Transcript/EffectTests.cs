using Channels.Core.Ids;
using Channels.Core.Intake;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Channels;
using Channels.Storage.Conversations;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Intake;
using Channels.Storage.Migrations;
using Channels.Storage.Outbox;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Transcript;

/// <summary>What a provider says has consequences once, however often and in whatever order it is said.</summary>
public sealed class EffectTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly IdSource _ids = new(TimeProvider.System);
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private AccountWriter _writer = null!;
    private TenantId _tenant;
    private AccountId _account;
    private ConversationId _conversation;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        _writer = new AccountWriter(_database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        (_tenant, _account, _conversation) = (new(_ids.Next()), new(_ids.Next()), new(_ids.Next()));
        await ExecuteAsync(
            $"""
            insert into tenant (id, name, created_at) values ('{_tenant}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{_tenant}', '{_tenant}', 'u');
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{_tenant}', '{_tenant}', 'simulator', '{"{}"}', 'active', now(), now(), now());
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{_tenant}', '{_account}', '{_tenant}', 'simulator', 'a', 'a', '{_tenant}', '', '{"{}"}', '{"{}"}', 'active', now(), now(), now());
            insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ('{_tenant}', '{_account}', '{_conversation}', 'c', 'direct', now())
            """);
    }

    public async Task DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _database.DisposeAsync();
    }

    [PostgresTheory]
    [InlineData(-1, "paused")]
    [InlineData(1, "answers")]
    public async Task A_conversation_that_is_given_back_stays_with_whoever_took_it_over_later(int minutes, string expected)
    {
        await ExecuteAsync($"update conversation set paused_until = '9999-01-01', paused_at = '{Noon:O}'");

        await ResumeAsync(minutes);
        await ResumeAsync(minutes);

        Assert.Equal(expected, await ScalarAsync("select case when paused_until is null then 'answers' else 'paused' end from conversation"));
        Assert.Equal(minutes > 0 ? 1L : 0L, await ScalarAsync("select count(*) from event where type = 'conversation.given_back'"));
    }

    [PostgresFact]
    public async Task What_a_person_said_before_a_conversation_was_given_back_does_not_pause_it_when_it_comes_late()
    {
        await ResumeAsync(0);

        await EchoAsync("E1", minutes: -1);
        Assert.Equal(DBNull.Value, await ScalarAsync("select paused_until from conversation"));

        await EchoAsync("E2", minutes: 1);
        Assert.NotEqual(DBNull.Value, await ScalarAsync("select paused_until from conversation"));

        // Said again by the provider: it was given back before the person spoke.
        await ResumeAsync(0);
        Assert.NotEqual(DBNull.Value, await ScalarAsync("select paused_until from conversation"));
    }

    [PostgresFact]
    public async Task What_a_person_said_before_an_operator_resumed_the_agent_takes_nothing_over_when_it_comes_late()
    {
        await using var loader = new ConversationLoader(_database, NullLogger<ConversationLoader>.Instance);
        var conversations = new PostgresConversations(_writer, loader, _database, new ManualClock(Noon));
        await conversations.PauseAsync(new ConversationRef(_tenant, _account, _conversation), null, default);

        Assert.Empty(await EchoAsync("E1", minutes: -1));
        Assert.Equal(DBNull.Value, await ScalarAsync("select paused_until from conversation"));

        Assert.Equal([_conversation], await EchoAsync("E2", minutes: 1));
        Assert.NotEqual(DBNull.Value, await ScalarAsync("select paused_until from conversation"));
    }

    [PostgresFact]
    public async Task An_edit_that_does_not_say_in_which_chat_finds_its_message_by_id_and_touches_no_other_accounts()
    {
        var (other, elsewhere) = (new AccountId(_ids.Next()), new ConversationId(_ids.Next()));
        await ExecuteAsync($"insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ('{_tenant}', '{other}', '{elsewhere}', 'c', 'direct', now())");
        await RecordAsync(Said(other, elsewhere));
        await RecordAsync(Said(_account, _conversation));

        await RecordAsync(new AccountBatch(_tenant, _account) { Changes = [new MessageChange(null, "3B0", "after", false, Noon)] });

        Assert.Equal("after", await ScalarAsync($"select text from transcript where account_id = '{_account}'"));
        Assert.Equal("before", await ScalarAsync($"select text from transcript where account_id = '{other}'"));

        AccountBatch Said(AccountId account, ConversationId conversation) => new(_tenant, account)
        {
            Messages = [new RecordedMessage(new MessageId(_ids.Next()), conversation, false, Author.Contact, "message.text", "3B0", "message", "", "before", "ignored", "x", null, null, Noon, null, false, false)],
        };
    }

    [PostgresFact]
    public async Task An_edit_without_a_time_replaces_the_first_words_and_no_edit_with_one()
    {
        await SayAsync();

        await ChangeAsync("one", false, null);
        Assert.Equal("one", await ScalarAsync("select text from transcript"));
        Assert.Equal(DBNull.Value, await ScalarAsync("select edited_at from transcript"));

        await ChangeAsync("one", false, Noon.AddSeconds(1));
        await ChangeAsync("two", false, Noon.AddSeconds(2));
        await ChangeAsync("one", false, null);
        Assert.Equal("two", await ScalarAsync("select text from transcript"));
        Assert.Equal(Noon.AddSeconds(2).UtcDateTime, await ScalarAsync("select edited_at from transcript"));

        // Of two told at once the one that says when it was made is the one that counts.
        await RecordAsync(new AccountBatch(_tenant, _account) { Changes = [new MessageChange(null, "3B0", "one", false, null), new MessageChange(null, "3B0", "three", false, Noon.AddSeconds(3))] });
        Assert.Equal("three", await ScalarAsync("select text from transcript"));
    }

    [PostgresTheory]
    [InlineData(null)]
    [InlineData(60)]
    public async Task Nothing_brings_the_text_of_a_deleted_message_back(int? seconds)
    {
        await SayAsync();
        await ChangeAsync("one", false, Noon.AddMilliseconds(700));

        // A deletion's time has whole seconds.
        await ChangeAsync(null, true, Noon);
        await ChangeAsync("one", false, seconds is { } late ? Noon.AddSeconds(late) : null);

        Assert.Equal(DBNull.Value, await ScalarAsync("select text from transcript"));
        Assert.Equal("deleted by its sender", await ScalarAsync("select reason from transcript"));
    }

    [PostgresFact]
    public async Task Of_two_words_about_a_contact_the_later_one_counts()
    {
        await ReachAsync((5, null));
        await ReachAsync((0, "blocked"), (0, "blocked"));
        Assert.Null(await UnreachableAsync());

        await ReachAsync((9, "blocked"));
        await ReachAsync((9, "blocked"));
        await ReachAsync((5, null));
        Assert.Equal("blocked", await UnreachableAsync());
        Assert.Equal(1L, await ScalarAsync("select count(*) from event where type = 'conversation.unreachable'"));

        // Who could be written to all along is no news.
        Assert.Equal(0L, await ScalarAsync("select count(*) from event where type = 'conversation.reachable'"));
    }

    [PostgresFact]
    public async Task Of_two_words_at_the_same_moment_the_one_that_lets_us_try_counts_in_either_order()
    {
        await ReachAsync((0, "blocked"));
        await ReachAsync((0, null));
        Assert.Null(await UnreachableAsync());

        await ReachAsync((0, "blocked"));
        Assert.Null(await UnreachableAsync());

        await ReachAsync((3, null), (3, "blocked"));
        Assert.Null(await UnreachableAsync());
    }

    [PostgresFact]
    public async Task Who_has_written_since_can_be_written_to()
    {
        await ReachAsync((0, "blocked"));
        await ExecuteAsync($"update conversation set contact_wrote_at = '{Noon:O}'");
        Assert.Equal("blocked", await UnreachableAsync());

        await ExecuteAsync($"update conversation set contact_wrote_at = '{Noon.AddSeconds(1):O}'");
        Assert.Null(await UnreachableAsync());
    }

    [PostgresFact]
    public async Task An_attempt_is_told_that_the_contact_is_out_of_reach_until_somebody_gives_the_conversation_back()
    {
        var message = new MessageId(_ids.Next());
        await ExecuteAsync(
            $"insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ('{_tenant}', '{_account}', '{message}', '{_conversation}', 0, 0, now())");
        await ReachAsync((0, "blocked"));

        var begin = new BeginSendOperation(_tenant, _account, message, 1, false, Noon);
        await _writer.RunAsync(begin, default);
        Assert.Equal((true, Noon, "blocked"), (begin.Start.Begun, begin.Start.OutOfReachSince, begin.Start.OutOfReachReason));

        await using var loader = new ConversationLoader(_database, NullLogger<ConversationLoader>.Instance);
        var conversations = new PostgresConversations(_writer, loader, _database, TimeProvider.System);
        await conversations.PauseAsync(new ConversationRef(_tenant, _account, _conversation), null, default);

        begin = new BeginSendOperation(_tenant, _account, message, 2, false, Noon);
        await _writer.RunAsync(begin, default);
        Assert.Equal((true, null), (begin.Start.Begun, begin.Start.OutOfReachSince));

        // The same block, told once more, is known.
        await ReachAsync((0, "blocked"));
        Assert.Null(await UnreachableAsync());
    }

    [PostgresFact]
    public async Task A_hold_is_never_shortened_and_said_again_is_the_same()
    {
        await ThrottleAsync((10, true, "spam"), (5, true, "short"), (60, false, "quality"));
        await ThrottleAsync((10, true, "spam"));
        await ThrottleAsync((3, true, "shorter"));

        Assert.Equal(
            $"{Noon.AddMinutes(10):HH:mm} spam, {Noon.AddMinutes(60):HH:mm} quality",
            await ScalarAsync("select to_char(held_until at time zone 'utc', 'HH24:MI') || ' ' || held_reason || ', ' || to_char(slowed_until at time zone 'utc', 'HH24:MI') || ' ' || slowed_reason from account"));
        Assert.Equal(1L, await ScalarAsync("select count(*) from event where type = 'channel.account.throttled'"));
    }

    [PostgresFact]
    public async Task A_number_that_was_passed_over_is_missing_until_it_comes()
    {
        await CountAsync(Noon, 100, 101);
        Assert.Equal((0L, null), await GapAsync());

        await CountAsync(Noon.AddMinutes(1), 105);
        await CountAsync(Noon.AddMinutes(2), 105, 107);
        Assert.Equal((4L, Noon.AddMinutes(1)), await GapAsync());

        await CountAsync(Noon.AddMinutes(3), 103, 102, 106);
        Assert.Equal((1L, Noon.AddMinutes(1)), await GapAsync());

        await CountAsync(Noon.AddMinutes(4), 104);
        Assert.Equal((0L, null), await GapAsync());
    }

    [PostgresFact]
    public async Task A_provider_that_counts_anew_has_lost_nothing()
    {
        await CountAsync(Noon, 100);

        // After a week of silence the number is any, also a lower one.
        await CountAsync(Noon.AddDays(8), 40);
        await CountAsync(Noon.AddDays(8), 41);
        Assert.Equal((0L, null), await GapAsync());

        await CountAsync(Noon.AddDays(8).AddHours(1), 900_000_000);
        Assert.Equal((0L, null), await GapAsync());
        await CountAsync(Noon.AddDays(8).AddHours(2), 900_000_002);
        Assert.Equal((1L, Noon.AddDays(8).AddHours(2)), await GapAsync());
    }

    [PostgresFact]
    public async Task What_has_been_missing_for_a_week_is_forgotten()
    {
        await CountAsync(Noon, 100);
        await CountAsync(Noon.AddDays(1), 102);
        await CountAsync(Noon.AddDays(5), 103);
        Assert.Equal((1L, Noon.AddDays(1)), await GapAsync());

        await CountAsync(Noon.AddDays(9), 104);
        Assert.Equal((0L, null), await GapAsync());
    }

    [PostgresFact]
    public async Task What_an_intake_says_is_kept_whole_and_since_when_is_shown_with_the_trouble_that_it_is_of()
    {
        var store = new PostgresIntakes(_database);
        var intake = new AccountIntake("7", Noon, "quality-low", 2) { CodeSince = Noon, CodeBefore = "unauthorized", FactsJson = """{"quality_rating": "RED"}""", HealthAt = Noon };

        await store.SaveAsync(_tenant, _account, intake with { CodeBefore = null }, default);
        await store.SaveAsync(_tenant, _account, intake, default);

        Assert.Equal(intake, await store.LoadAsync(_tenant, _account, default));
        Assert.Null(await TroubleSinceAsync(null));
        Assert.Equal(Noon, await TroubleSinceAsync("quality-low"));
        Assert.Equal(Noon, await TroubleSinceAsync("unauthorized"));
        Assert.Null(await TroubleSinceAsync("banned"));

        await ExecuteAsync("update connector set status = 'error', status_code = 'gateway-down'");
        Assert.Null(await TroubleSinceAsync("quality-low"));
    }

    private Task SayAsync() => RecordAsync(new AccountBatch(_tenant, _account)
    {
        Messages = [new RecordedMessage(new MessageId(_ids.Next()), _conversation, false, Author.Contact, "message.text", "3B0", "message", "", "before", "ignored", "x", null, null, Noon, null, false, false)],
    });

    private Task ChangeAsync(string? text, bool deleted, DateTimeOffset? at) =>
        RecordAsync(new AccountBatch(_tenant, _account) { Changes = [new MessageChange(null, "3B0", text, deleted, at)] });

    private Task ResumeAsync(int minutes) => RecordAsync(new AccountBatch(_tenant, _account) { Resumptions = [new Resumption(_conversation, Noon.AddMinutes(minutes), _ids.Next())] });

    private async Task<DateTimeOffset?> TroubleSinceAsync(string? code)
    {
        await ExecuteAsync($"update account set status_code = {(code is null ? "null" : $"'{code}'")}");
        await using var command = _db.CreateCommand($"select {ChannelRows.Columns} from account a join connector c on c.tenant_id = a.tenant_id and c.id = a.connector_id");
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        return ChannelRows.Read(row).TroubleSince;
    }

    private Task ReachAsync(params (int Minutes, string? Why)[] words) =>
        RecordAsync(new AccountBatch(_tenant, _account) { Reach = [.. words.Select(word => new ReachChange(_conversation, Noon.AddMinutes(word.Minutes), word.Why, _ids.Next()))] });

    private Task ThrottleAsync(params (int Minutes, bool Holds, string Why)[] wishes) =>
        RecordAsync(new AccountBatch(_tenant, _account) { Throttles = [.. wishes.Select(wish => new ThrottleChange(Noon.AddMinutes(wish.Minutes), wish.Holds, wish.Why, _ids.Next()))] });

    private Task CountAsync(DateTimeOffset at, params long[] numbers) =>
        RecordAsync(new AccountBatch(_tenant, _account) { Counted = [.. numbers.Select(number => new CountedUpdate(number, at))] });

    private async Task<(long Missing, DateTimeOffset? Since)> GapAsync()
    {
        var gap = await new PostgresIntakes(_database).ReadGapAsync(_tenant, _account, default);
        return (gap.Missing, gap.Since);
    }

    // Which conversations it took over.
    private async Task<IEnumerable<ConversationId>> EchoAsync(string id, int minutes)
    {
        var message = new RecordedMessage(
            new MessageId(_ids.Next()), _conversation, Outbound: true, Author.Person, "echo.text", id, "message", "", "x", "sent", null, null, null, Noon.AddMinutes(minutes), null,
            StartsTurn: false, History: false);
        var operation = new RecordOperation(new AccountBatch(_tenant, _account) { Echoes = [new HeldEcho(message, Noon.AddHours(1), PausesAgent: true)] }, Noon, Noon.AddDays(30));
        await _writer.RunAsync(operation, default);
        return operation.Result.Takeovers;
    }

    private Task RecordAsync(AccountBatch batch) => _writer.RunAsync(new RecordOperation(batch, Noon, Noon.AddDays(30)), default);

    private async Task<object?> UnreachableAsync() =>
        await ScalarAsync("select case when out_of_reach_since(unreachable_since, contact_wrote_at) is not null then unreachable_reason end from conversation") is string reason ? reason : null;

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
