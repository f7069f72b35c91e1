using System.Collections.Immutable;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Sweep;
using Channels.Storage.Batching;
using Channels.Storage.Conversations;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Storage.Outbox;
using Channels.Storage.Sweep;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Conversations;

/// <summary>How turns end and how they stay open, in the tables.</summary>
public sealed class TurnTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly ManualClock _clock = new(Now);
    private readonly IdSource _ids = new(new ManualClock(Now.AddMinutes(-1)));
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private AccountWriter _writer = null!;
    private ConversationLoader _loader = null!;
    private PostgresConversations _store = null!;
    private ConversationRef _where;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        _writer = new AccountWriter(_database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        _loader = new ConversationLoader(_database, NullLogger<ConversationLoader>.Instance);
        _store = new PostgresConversations(_writer, _loader, _database, _clock);
        _where = new(new(_ids.Next()), new(_ids.Next()), new(_ids.Next()));
        await RunAsync("insert into tenant (id, name, created_at) values ($1, 't', now())", _where.Tenant.Value);
        await RunAsync("insert into org_unit (tenant_id, id, name) values ($1, $1, 'u')", _where.Tenant.Value);
        await RunAsync(
            "insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ($1, $1, 'simulator', '{}', 'active', now(), now(), now())",
            _where.Tenant.Value);
        await RunAsync(
            """
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ($1, $2, $1, 'simulator', 'a', 'a', $1, '', '{}', '{}', 'active', now(), now(), now())
            """,
            _where.Tenant.Value, _where.Account.Value);
        await RunAsync(
            "insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ($1, $2, $3, '549', 'direct', now())",
            _where.Tenant.Value, _where.Account.Value, _where.Conversation.Value);
    }

    public async Task DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _loader.DisposeAsync();
        await _database.DisposeAsync();
    }

    [PostgresFact]
    public async Task An_ending_does_all_of_it_at_once()
    {
        var (first, second, later) = (await TurnAsync(), await TurnAsync(), await TurnAsync());

        Assert.True((await _store.FinishTurnAsync(Everything(first, second), default)).Ended);

        var state = await _store.LoadAsync(_where, default);
        Assert.Equal(later, Assert.Single(state!.Turns).Message);
        Assert.Equal(AgentPause.UntilResumed, state.PausedUntil);
        Assert.Equal(["A", "B"], state.Options.ToArray());
        Assert.Equal("one|two|three", await ScalarAsync("select string_agg(t.text, '|' order by o.message_id) from outbox o join transcript t on t.id = o.message_id"));
        Assert.Equal(2L, await ScalarAsync("select count(*) from transcript where not outbound and reason = 'handed over: why'"));
        Assert.Equal("why", await ScalarAsync("select data->>'reason' from event where type = 'conversation.handed_over'"));
        Assert.Equal((short)LateTurnState.Answered, await ScalarAsync("select state from late_turn"));
    }

    [PostgresFact]
    public async Task A_turn_that_was_ended_before_brings_nothing_of_its_second_ending()
    {
        var (first, second) = (await TurnAsync(), await TurnAsync());
        Assert.True((await _store.FinishTurnAsync(new TurnFinish(_where, [first], [], "silent", AgentFailed: false), default)).Ended);

        Assert.False((await _store.FinishTurnAsync(Everything(first, second), default)).Ended);

        var state = await _store.LoadAsync(_where, default);
        Assert.Equal(second, Assert.Single(state!.Turns).Message);
        Assert.Null(state.PausedUntil);
        Assert.Empty(state.Options);
        Assert.Equal(0L, await ScalarAsync("select count(*) from outbox"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from event"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from late_turn"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from transcript where outbound"));
    }

    [PostgresFact]
    public async Task Of_many_who_end_the_same_turn_at_once_one_does()
    {
        var (first, second) = (await TurnAsync(), await TurnAsync());

        var ended = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _store.FinishTurnAsync(Everything(first, second), default)));

        Assert.Single(ended, one => one.Ended);
        Assert.Equal(3L, await ScalarAsync("select count(*) from outbox"));
        Assert.Equal(1L, await ScalarAsync("select count(*) from event"));
    }

    [PostgresFact]
    public async Task A_reply_that_delivery_keeps_a_place_for_has_its_first_attempt_begun_by_the_end_of_its_turn()
    {
        var finish = new TurnFinish(_where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false) { Reserved = true };

        Assert.Equal(new TurnEnd(Ended: true, Begun: true), await _store.FinishTurnAsync(finish, default));

        var row = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);
        Assert.Equal((OutboxState.Sending, 1, Now, false), (row.State, row.Attempts, row.SendingSince, row.PossiblyDuplicate));
        Assert.Equal("queued", await ScalarAsync("select status from transcript where outbound"));
        Assert.True((await Outbox().BeginSendAsync(_where.Tenant, _where.Account, row.Reply.Id, 2, possiblyDuplicate: true, default)).Begun);
    }

    [PostgresFact]
    public async Task A_conversation_is_read_with_whether_replies_of_its_own_wait()
    {
        var before = await _store.LoadAsync(_where, default);
        await _store.FinishTurnAsync(new TurnFinish(_where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false), default);
        var row = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);
        var queued = await _store.LoadAsync(_where, default);
        await Outbox().BeginSendAsync(_where.Tenant, _where.Account, row.Reply.Id, 1, possiblyDuplicate: false, default);
        var sending = await _store.LoadAsync(_where, default);
        await Outbox().SettleAsync(new(_where.Tenant, _where.Account, row.Reply, new SendOutcome.Unknown("connection lost"), Now, Attempt: 1), default);
        var unknown = await _store.LoadAsync(_where, default);
        await RunAsync("update outbox set state = 0, account_id = $1", _ids.Next());
        var anothers = await _store.LoadAsync(_where, default);

        Assert.Equal([false, true, true, false, false], new[] { before, queued, sending, unknown, anothers }.Select(state => state!.RepliesWait));
    }

    [PostgresFact]
    public async Task Delivery_reads_since_when_a_reply_waits_that_a_person_had_sent_once_more()
    {
        await _store.FinishTurnAsync(new TurnFinish(_where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false), default);
        var made = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);
        await RunAsync("update outbox set queued_at = $1", Now.AddDays(2));
        var again = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);

        Assert.Equal((null, IdSource.TimeOf(made.Reply.Id.Value)), (made.QueuedAt, made.WaitsSince));
        Assert.Equal((Now.AddDays(2), Now.AddDays(2)), (again.QueuedAt, again.WaitsSince));
    }

    [PostgresFact]
    public async Task Delivery_reads_of_what_the_last_attempt_failed()
    {
        await _store.FinishTurnAsync(new TurnFinish(_where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false), default);
        var made = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);
        await Outbox().BeginSendAsync(_where.Tenant, _where.Account, made.Reply.Id, 1, possiblyDuplicate: false, default);
        await Outbox().SettleAsync(new(_where.Tenant, _where.Account, made.Reply, new SendOutcome.TryLater(TimeSpan.Zero, "media-failed", "no file: gone"), Now, Attempt: 1), default);

        var kept = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);

        Assert.Equal((null, "media-failed"), (made.LastCode, kept.LastCode));
    }

    [PostgresFact]
    public async Task What_was_sent_or_may_have_been_is_not_begun_by_whoever_holds_it_as_untried()
    {
        await _store.FinishTurnAsync(new TurnFinish(_where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false), default);
        var held = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);
        Task<SendStart> BeginAsync() => Outbox().BeginSendAsync(_where.Tenant, _where.Account, held.Reply.Id, held.Attempts + 1, possiblyDuplicate: false, default);
        Task SettleAsync(SendOutcome outcome) => Outbox().SettleAsync(new(_where.Tenant, _where.Account, held.Reply, outcome, Now, held.Attempts + 1), default);

        Assert.True((await BeginAsync()).Begun);
        await SettleAsync(new SendOutcome.Unknown("timeout"));
        Assert.False((await BeginAsync()).Begun);
        await SettleAsync(new SendOutcome.Accepted("P-1"));
        Assert.False((await BeginAsync()).Begun);
    }

    [PostgresFact]
    public async Task Who_ends_a_turn_a_second_time_has_begun_nothing_and_leaves_the_attempt_as_it_is()
    {
        var finish = new TurnFinish(_where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false) { Reserved = true };
        await _store.FinishTurnAsync(finish, default);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(new TurnEnd(Ended: false, Begun: false), await _store.FinishTurnAsync(finish, default));
        Assert.Equal(new TurnEnd(Ended: false, Begun: false), await _store.FinishTurnAsync(finish with { Replies = [Reply("two")] }, default));

        var row = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);
        Assert.Equal((OutboxState.Sending, 1, Now), (row.State, row.Attempts, row.SendingSince));
    }

    [PostgresFact]
    public async Task A_reply_to_somebody_out_of_reach_is_queued_for_delivery_to_say_so_until_they_write_again()
    {
        await RunAsync("update conversation set unreachable_since = $1, unreachable_reason = 'blocked'", Now.AddMinutes(-5));
        var finish = new TurnFinish(_where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false) { Reserved = true };

        Assert.Equal(new TurnEnd(Ended: true, Begun: false), await _store.FinishTurnAsync(finish, default));

        var row = Assert.Single((await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows);
        Assert.Equal((OutboxState.Queued, 0, null), (row.State, row.Attempts, row.SendingSince));

        await RunAsync("update conversation set contact_wrote_at = $1", Now);
        Assert.True((await _store.FinishTurnAsync(finish with { Turns = [await TurnAsync()], Replies = [Reply("two")] }, default)).Begun);
    }

    [PostgresFact]
    public async Task Of_turns_that_end_in_one_transaction_those_are_begun_that_have_a_place_and_a_reply()
    {
        var silent = new TurnFinish(_where, [await TurnAsync()], [], "silent", AgentFailed: false) { Reserved = true };
        var waiting = new TurnFinish(_where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false);
        var reserved = new TurnFinish(_where, [await TurnAsync()], [Reply("two")], Reason: null, AgentFailed: false) { Reserved = true };

        var ends = await Task.WhenAll(_store.FinishTurnAsync(silent, default), _store.FinishTurnAsync(waiting, default), _store.FinishTurnAsync(reserved, default));

        Assert.All(ends, end => Assert.True(end.Ended));
        Assert.Equal([false, false, true], ends.Select(end => end.Begun));
        var rows = (await Outbox().LoadAsync(_where.Tenant, _where.Account, [_where.Conversation], 10, default)).Rows;
        Assert.Equal([(OutboxState.Queued, 0), (OutboxState.Sending, 1)], rows.Select(row => (row.State, row.Attempts)));
    }

    [PostgresFact]
    public async Task An_open_turn_says_so_with_its_whole_burst_until_it_ends()
    {
        var (first, second, behind) = (await TurnAsync(), await TurnAsync(), await TurnAsync());
        var limit = Now.AddMinutes(5);

        Assert.True(await _store.OpenTurnAsync(new TurnOpening(_where, [first, second], limit), default));

        var turns = (await _store.LoadAsync(_where, default))!.Turns;
        Assert.Equal([(first, limit), (second, limit), (behind, null)], turns.Select(turn => (turn.Message, turn.AnswerBy)));
        Assert.Equal((short)LateTurnState.Open, await ScalarAsync("select state from late_turn"));
        Assert.Equal(first.Value, await ScalarAsync("select turn_id from late_turn"));
    }

    [PostgresFact]
    public async Task A_turn_that_has_ended_is_not_opened()
    {
        var turn = await TurnAsync();
        await _store.FinishTurnAsync(new TurnFinish(_where, [turn], [], "silent", AgentFailed: false), default);

        Assert.False(await _store.OpenTurnAsync(new TurnOpening(_where, [turn], Now), default));

        Assert.Equal(0L, await ScalarAsync("select count(*) from late_turn"));
    }

    [PostgresFact]
    public async Task The_sweep_passes_by_an_open_turn_and_what_waits_behind_it_until_its_time_is_over()
    {
        var first = await TurnAsync();
        await TurnAsync();
        using var sweep = new PostgresSweep(_database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), _clock);
        Assert.Equal(_where, Assert.Single(await SweptAsync(sweep)));

        await _store.OpenTurnAsync(new TurnOpening(_where, [first], Now.AddSeconds(30)), default);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await SweptAsync(sweep));

        _clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(_where, Assert.Single(await SweptAsync(sweep)));
    }

    [PostgresFact]
    public async Task The_sweep_leaves_what_is_younger_than_a_second_to_its_hint_but_not_what_is_older_than_the_process()
    {
        var left = await TurnAsync(_where, MadeAt(Now.AddMilliseconds(-10)));
        using var starts = new PostgresSweep(_database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), _clock);
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(_where, Assert.Single(await SweptAsync(starts)));
        await _store.FinishTurnAsync(new TurnFinish(_where, [left], [], "silent", AgentFailed: false), default);

        await TurnAsync(_where, MadeAt(Now.AddMilliseconds(900)));
        using var other = new PostgresSweep(_database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), new ManualClock(Now));
        Assert.Empty(await SweptAsync(other));

        _clock.Advance(TimeSpan.FromMilliseconds(1_100));
        Assert.Empty(await SweptAsync(starts));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(_where, Assert.Single(await SweptAsync(starts)));
    }

    [PostgresFact]
    public async Task A_conversation_that_another_goes_into_takes_over_its_open_turn_its_pause_and_its_choices()
    {
        var gone = _where with { Conversation = new(_ids.Next()) };
        await RunAsync(
            "insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at, paused_until, options) values ($1, $2, $3, '1@lid', 'direct', now(), $4, '[\"A\"]')",
            gone.Tenant.Value, gone.Account.Value, gone.Conversation.Value, AgentPause.UntilResumed);
        var turn = await TurnAsync(gone);
        await _store.OpenTurnAsync(new TurnOpening(gone, [turn], Now.AddMinutes(5)), default);

        await new PostgresTranscript(_writer, _database, _clock).MergeAsync(_where, gone.Conversation, default);

        var state = await _store.LoadAsync(_where, default);
        Assert.Equal((turn, Now.AddMinutes(5)), state!.Turns.Select(one => (one.Message, one.AnswerBy)).Single());
        Assert.Equal(AgentPause.UntilResumed, state.PausedUntil);
        Assert.Equal(["A"], state.Options.ToArray());

        // Said again, it brings nothing back that is over by now.
        await RunAsync("update conversation set options = null, paused_until = null where id = $1", _where.Conversation.Value);
        await new PostgresTranscript(_writer, _database, _clock).MergeAsync(_where, gone.Conversation, default);
        state = await _store.LoadAsync(_where, default);
        Assert.Equal((null, 0), (state!.PausedUntil, state.Options.Length));
        Assert.False((await _store.FinishTurnAsync(new TurnFinish(gone, [turn], [], "silent", AgentFailed: false), default)).Ended);
        Assert.True((await _store.FinishTurnAsync(new TurnFinish(_where, [turn], [], "silent", AgentFailed: false), default)).Ended);
    }

    [PostgresFact]
    public async Task Long_turns_are_read_a_few_at_a_time_in_order_and_none_is_left_out()
    {
        var longest = await TurnAsync(_where, text: new string('a', 4_000_000));
        var (long1, long2) = (await TurnAsync(_where, text: new string('ñ', 300_000)), await TurnAsync(_where, details: $$"""{"a": "{{new string('b', 600_000)}}"}"""));
        var (short1, short2) = (await TurnAsync(), await TurnAsync());

        var pages = new List<(MessageId[] Turns, bool HasMore)>();
        while (await _store.LoadAsync(_where, default) is { Turns: { IsEmpty: false } turns, HasMoreTurns: var hasMore })
        {
            pages.Add(([.. turns.Select(turn => turn.Message)], hasMore));
            await _store.FinishTurnAsync(new TurnFinish(_where, [.. turns.Select(turn => turn.Message)], [], "silent", AgentFailed: false), default);
        }

        Assert.Equal([[longest], [long1, long2], [short1, short2]], pages.Select(page => page.Turns));
        Assert.Equal([true, true, false], pages.Select(page => page.HasMore));
    }

    [PostgresFact]
    public async Task A_long_turn_costs_no_other_conversation_any_of_its_own()
    {
        var other = _where with { Conversation = new(_ids.Next()) };
        await RunAsync(
            "insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ($1, $2, $3, '550', 'direct', now())",
            other.Tenant.Value, other.Account.Value, other.Conversation.Value);
        await TurnAsync(_where, text: new string('a', 4_000_000));
        await TurnAsync();
        var others = new List<MessageId>();
        while (others.Count < 32)
        {
            others.Add(await TurnAsync(other));
        }

        var loaded = await Task.WhenAll(_store.LoadAsync(_where, default), _store.LoadAsync(other, default));

        Assert.Equal([(1, true), (32, true)], loaded.Select(state => (state!.Turns.Length, state.HasMoreTurns)));
        Assert.Equal(others, loaded[1]!.Turns.Select(turn => turn.Message));
    }

    [PostgresFact]
    public async Task What_a_service_has_already_is_read_whatever_was_put_before_it()
    {
        var earlier = new IdSource(new ManualClock(Now.AddMinutes(-2)));
        var open = await TurnAsync();
        await _store.OpenTurnAsync(new TurnOpening(_where, [open], Now.AddMinutes(5)), default);
        var first = await TurnAsync(_where, earlier, new string('a', 4_000_000));
        await TurnAsync(_where, earlier, new string('a', 4_000_000));

        var state = await _store.LoadAsync(_where, default);

        Assert.Equal([first, open], state!.Turns.Select(turn => turn.Message));
        Assert.True(state.HasMoreTurns);
    }

    [PostgresTheory]
    [InlineData(3, 4_000_000, 1)]
    [InlineData(3, 131_072, 2)]
    [InlineData(100, 10, 100)]
    public async Task Of_what_was_said_before_an_agent_gets_the_newest_that_are_short_enough_together_and_always_the_last(int messages, int length, int expected)
    {
        for (var said = 0; said < messages; said++)
        {
            await TurnAsync(_where, text: $"{said:000}" + new string('a', length - 3));
        }

        var history = await _store.HistoryAsync(_where, new MessageId(_ids.Next()), 100, default);

        Assert.Equal(Enumerable.Range(messages - expected, expected), history.Select(message => int.Parse(message.Text.AsSpan(0, 3), System.Globalization.CultureInfo.InvariantCulture)));
    }

    private TurnFinish Everything(MessageId first, MessageId second) => new(_where, [first, second], [Reply("one"), Reply("two"), Reply("three")], "handed over: why", AgentFailed: true)
    {
        HandOver = new HandedOver(_ids.Next(), "why"),
        Options = ["A", "B"],
        Late = new LateEnding(LateTurnState.Answered, Now, [1, 2, 3]),
    };

    private QueuedReply Reply(string text) => new(new MessageId(_ids.Next()), _where.Conversation, "549", text, ReplyTo: null);

    private PostgresOutbox Outbox() => new(_writer, _database, _clock);

    private static async Task<ImmutableArray<ConversationRef>> SweptAsync(PostgresSweep sweep)
    {
        var found = ImmutableArray.CreateBuilder<ConversationRef>();
        for (var partition = 0; partition < Partitions.Count; partition++)
        {
            found.AddRange((await sweep.FindAsync(partition, Partitions.Count, default)).Turns);
        }

        return found.ToImmutable();
    }

    private static IdSource MadeAt(DateTimeOffset time) => new(new ManualClock(time));

    private Task<MessageId> TurnAsync() => TurnAsync(_where);

    private async Task<MessageId> TurnAsync(ConversationRef where, IdSource? ids = null, string text = "hola", string? details = null)
    {
        var id = (ids ?? _ids).Next();
        await RunAsync(
            "insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, details, status, occurred_at) values ($1, $2, $3, $4, false, 0, 'message.text', $5, $6::text::jsonb, 'received', now())",
            where.Tenant.Value, where.Account.Value, id, where.Conversation.Value, text, (object?)details ?? DBNull.Value);
        await RunAsync(
            "insert into turn (tenant_id, account_id, conversation_id, message_id) values ($1, $2, $3, $4)",
            where.Tenant.Value, where.Account.Value, where.Conversation.Value, id);
        return new MessageId(id);
    }

    private async Task RunAsync(string sql, params object[] values)
    {
        await using var command = _db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
