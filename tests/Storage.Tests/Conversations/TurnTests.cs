using System.Collections.Immutable;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Sweep;
using Channels.Storage.Outbox;
using Channels.Storage.Sweep;
using Channels.Storage.Transcript;
using Channels.Testing;

namespace Channels.Storage.Tests.Conversations;

/// <summary>How turns end and how they stay open, in the tables.</summary>
public sealed class TurnTests(PostgresFixture postgres) : TurnStage(postgres)
{
    [PostgresFact]
    public async Task An_ending_does_all_of_it_at_once()
    {
        var (first, second, later) = (await TurnAsync(), await TurnAsync(), await TurnAsync());

        Assert.True((await Store.FinishTurnAsync(Everything(first, second), default)).Ended);

        var state = await Store.LoadAsync(Where, default);
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
        Assert.True((await Store.FinishTurnAsync(new TurnFinish(Where, [first], [], "silent", AgentFailed: false), default)).Ended);

        Assert.False((await Store.FinishTurnAsync(Everything(first, second), default)).Ended);

        var state = await Store.LoadAsync(Where, default);
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

        var ended = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Store.FinishTurnAsync(Everything(first, second), default)));

        Assert.Single(ended, one => one.Ended);
        Assert.Equal(3L, await ScalarAsync("select count(*) from outbox"));
        Assert.Equal(1L, await ScalarAsync("select count(*) from event"));
    }

    [PostgresFact]
    public async Task A_reply_that_delivery_keeps_a_place_for_has_its_first_attempt_begun_by_the_end_of_its_turn()
    {
        var finish = new TurnFinish(Where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false) { Reserved = true };

        Assert.Equal(new TurnEnd(Ended: true, Begun: true), await Store.FinishTurnAsync(finish, default));

        var row = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);
        Assert.Equal((OutboxState.Sending, 1, Now, false), (row.State, row.Attempts, row.SendingSince, row.PossiblyDuplicate));
        Assert.Equal("queued", await ScalarAsync("select status from transcript where outbound"));
        Assert.True((await Outbox().BeginSendAsync(Where.Tenant, Where.Account, row.Reply.Id, 2, possiblyDuplicate: true, default)).Begun);
    }

    [PostgresFact]
    public async Task A_conversation_is_read_with_whether_replies_of_its_own_wait()
    {
        var before = await Store.LoadAsync(Where, default);
        await Store.FinishTurnAsync(new TurnFinish(Where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false), default);
        var row = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);
        var queued = await Store.LoadAsync(Where, default);
        await Outbox().BeginSendAsync(Where.Tenant, Where.Account, row.Reply.Id, 1, possiblyDuplicate: false, default);
        var sending = await Store.LoadAsync(Where, default);
        await Outbox().SettleAsync(new(Where.Tenant, Where.Account, row.Reply, new SendOutcome.Unknown("connection lost"), Now, Attempt: 1), default);
        var unknown = await Store.LoadAsync(Where, default);
        await RunAsync("update outbox set state = 0, account_id = $1", Ids.Next());
        var anothers = await Store.LoadAsync(Where, default);

        Assert.Equal([false, true, true, false, false], new[] { before, queued, sending, unknown, anothers }.Select(state => state!.RepliesWait));
    }

    [PostgresFact]
    public async Task Delivery_reads_since_when_a_reply_waits_that_a_person_had_sent_once_more()
    {
        await Store.FinishTurnAsync(new TurnFinish(Where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false), default);
        var made = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);
        await RunAsync("update outbox set queued_at = $1", Now.AddDays(2));
        var again = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);

        Assert.Equal((null, IdSource.TimeOf(made.Reply.Id.Value)), (made.QueuedAt, made.WaitsSince));
        Assert.Equal((Now.AddDays(2), Now.AddDays(2)), (again.QueuedAt, again.WaitsSince));
    }

    [PostgresFact]
    public async Task Delivery_reads_of_what_the_last_attempt_failed()
    {
        await Store.FinishTurnAsync(new TurnFinish(Where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false), default);
        var made = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);
        await Outbox().BeginSendAsync(Where.Tenant, Where.Account, made.Reply.Id, 1, possiblyDuplicate: false, default);
        await Outbox().SettleAsync(new(Where.Tenant, Where.Account, made.Reply, new SendOutcome.TryLater(TimeSpan.Zero, "media-failed", "no file: gone"), Now, Attempt: 1), default);

        var kept = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);

        Assert.Equal((null, "media-failed"), (made.LastCode, kept.LastCode));
    }

    [PostgresFact]
    public async Task What_was_sent_or_may_have_been_is_not_begun_by_whoever_holds_it_as_untried()
    {
        await Store.FinishTurnAsync(new TurnFinish(Where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false), default);
        var held = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);
        Task<SendStart> BeginAsync() => Outbox().BeginSendAsync(Where.Tenant, Where.Account, held.Reply.Id, held.Attempts + 1, possiblyDuplicate: false, default);
        Task SettleAsync(SendOutcome outcome) => Outbox().SettleAsync(new(Where.Tenant, Where.Account, held.Reply, outcome, Now, held.Attempts + 1), default);

        Assert.True((await BeginAsync()).Begun);
        await SettleAsync(new SendOutcome.Unknown("timeout"));
        Assert.False((await BeginAsync()).Begun);
        await SettleAsync(new SendOutcome.Accepted("P-1"));
        Assert.False((await BeginAsync()).Begun);
    }

    [PostgresFact]
    public async Task Who_ends_a_turn_a_second_time_has_begun_nothing_and_leaves_the_attempt_as_it_is()
    {
        var finish = new TurnFinish(Where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false) { Reserved = true };
        await Store.FinishTurnAsync(finish, default);
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(new TurnEnd(Ended: false, Begun: false), await Store.FinishTurnAsync(finish, default));
        Assert.Equal(new TurnEnd(Ended: false, Begun: false), await Store.FinishTurnAsync(finish with { Replies = [Reply("two")] }, default));

        var row = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);
        Assert.Equal((OutboxState.Sending, 1, Now), (row.State, row.Attempts, row.SendingSince));
    }

    [PostgresFact]
    public async Task A_reply_to_somebody_out_of_reach_is_queued_for_delivery_to_say_so_until_they_write_again()
    {
        await RunAsync("update conversation set unreachable_since = $1, unreachable_reason = 'blocked'", Now.AddMinutes(-5));
        var finish = new TurnFinish(Where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false) { Reserved = true };

        Assert.Equal(new TurnEnd(Ended: true, Begun: false), await Store.FinishTurnAsync(finish, default));

        var row = Assert.Single((await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows);
        Assert.Equal((OutboxState.Queued, 0, null), (row.State, row.Attempts, row.SendingSince));

        await RunAsync("update conversation set contact_wrote_at = $1", Now);
        Assert.True((await Store.FinishTurnAsync(finish with { Turns = [await TurnAsync()], Replies = [Reply("two")] }, default)).Begun);
    }

    [PostgresFact]
    public async Task Of_turns_that_end_in_one_transaction_those_are_begun_that_have_a_place_and_a_reply()
    {
        var silent = new TurnFinish(Where, [await TurnAsync()], [], "silent", AgentFailed: false) { Reserved = true };
        var waiting = new TurnFinish(Where, [await TurnAsync()], [Reply("one")], Reason: null, AgentFailed: false);
        var reserved = new TurnFinish(Where, [await TurnAsync()], [Reply("two")], Reason: null, AgentFailed: false) { Reserved = true };

        var ends = await Task.WhenAll(Store.FinishTurnAsync(silent, default), Store.FinishTurnAsync(waiting, default), Store.FinishTurnAsync(reserved, default));

        Assert.All(ends, end => Assert.True(end.Ended));
        Assert.Equal([false, false, true], ends.Select(end => end.Begun));
        var rows = (await Outbox().LoadAsync(Where.Tenant, Where.Account, [Where.Conversation], 10, default)).Rows;
        Assert.Equal([(OutboxState.Queued, 0), (OutboxState.Sending, 1)], rows.Select(row => (row.State, row.Attempts)));
    }

    [PostgresFact]
    public async Task An_open_turn_says_so_with_its_whole_burst_until_it_ends()
    {
        var (first, second, behind) = (await TurnAsync(), await TurnAsync(), await TurnAsync());
        var limit = Now.AddMinutes(5);

        Assert.True(await Store.OpenTurnAsync(new TurnOpening(Where, [first, second], limit), default));

        var turns = (await Store.LoadAsync(Where, default))!.Turns;
        Assert.Equal([(first, limit), (second, limit), (behind, null)], turns.Select(turn => (turn.Message, turn.AnswerBy)));
        Assert.Equal((short)LateTurnState.Open, await ScalarAsync("select state from late_turn"));
        Assert.Equal(first.Value, await ScalarAsync("select turn_id from late_turn"));
    }

    [PostgresFact]
    public async Task A_turn_that_has_ended_is_not_opened()
    {
        var turn = await TurnAsync();
        await Store.FinishTurnAsync(new TurnFinish(Where, [turn], [], "silent", AgentFailed: false), default);

        Assert.False(await Store.OpenTurnAsync(new TurnOpening(Where, [turn], Now), default));

        Assert.Equal(0L, await ScalarAsync("select count(*) from late_turn"));
    }

    [PostgresFact]
    public async Task The_sweep_passes_by_an_open_turn_and_what_waits_behind_it_until_its_time_is_over()
    {
        var first = await TurnAsync();
        await TurnAsync();
        using var sweep = new PostgresSweep(Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), Clock);
        Assert.Equal(Where, Assert.Single(await SweptAsync(sweep)));

        await Store.OpenTurnAsync(new TurnOpening(Where, [first], Now.AddSeconds(30)), default);
        Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await SweptAsync(sweep));

        Clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(Where, Assert.Single(await SweptAsync(sweep)));
    }

    [PostgresFact]
    public async Task The_sweep_leaves_what_is_younger_than_a_second_to_its_hint_but_not_what_is_older_than_the_process()
    {
        var left = await TurnAsync(Where, MadeAt(Now.AddMilliseconds(-10)));
        using var starts = new PostgresSweep(Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), Clock);
        Clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(Where, Assert.Single(await SweptAsync(starts)));
        await Store.FinishTurnAsync(new TurnFinish(Where, [left], [], "silent", AgentFailed: false), default);

        await TurnAsync(Where, MadeAt(Now.AddMilliseconds(900)));
        using var other = new PostgresSweep(Database, new FurthestLooks(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)), new ManualClock(Now));
        Assert.Empty(await SweptAsync(other));

        Clock.Advance(TimeSpan.FromMilliseconds(1_100));
        Assert.Empty(await SweptAsync(starts));
        Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Where, Assert.Single(await SweptAsync(starts)));
    }

    [PostgresFact]
    public async Task A_conversation_that_another_goes_into_takes_over_its_open_turn_its_pause_and_its_choices()
    {
        var gone = Where with { Conversation = new(Ids.Next()) };
        await RunAsync(
            "insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at, paused_until, options) values ($1, $2, $3, '1@lid', 'direct', now(), $4, '[\"A\"]')",
            gone.Tenant.Value, gone.Account.Value, gone.Conversation.Value, AgentPause.UntilResumed);
        var turn = await TurnAsync(gone);
        await Store.OpenTurnAsync(new TurnOpening(gone, [turn], Now.AddMinutes(5)), default);

        await new PostgresTranscript(Writer, Database, Clock).MergeAsync(Where, gone.Conversation, default);

        var state = await Store.LoadAsync(Where, default);
        Assert.Equal((turn, Now.AddMinutes(5)), state!.Turns.Select(one => (one.Message, one.AnswerBy)).Single());
        Assert.Equal(AgentPause.UntilResumed, state.PausedUntil);
        Assert.Equal(["A"], state.Options.ToArray());

        // Said again, it brings nothing back that is over by now.
        await RunAsync("update conversation set options = null, paused_until = null where id = $1", Where.Conversation.Value);
        await new PostgresTranscript(Writer, Database, Clock).MergeAsync(Where, gone.Conversation, default);
        state = await Store.LoadAsync(Where, default);
        Assert.Equal((null, 0), (state!.PausedUntil, state.Options.Length));
        Assert.False((await Store.FinishTurnAsync(new TurnFinish(gone, [turn], [], "silent", AgentFailed: false), default)).Ended);
        Assert.True((await Store.FinishTurnAsync(new TurnFinish(Where, [turn], [], "silent", AgentFailed: false), default)).Ended);
    }

    private TurnFinish Everything(MessageId first, MessageId second) => new(Where, [first, second], [Reply("one"), Reply("two"), Reply("three")], "handed over: why", AgentFailed: true)
    {
        HandOver = new HandedOver(Ids.Next(), "why"),
        Options = ["A", "B"],
        Late = new LateEnding(LateTurnState.Answered, Now, [1, 2, 3]),
    };

    private QueuedReply Reply(string text) => new(new MessageId(Ids.Next()), Where.Conversation, "549", text, ReplyTo: null);

    private PostgresOutbox Outbox() => new(Writer, Database, Clock);

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
}
