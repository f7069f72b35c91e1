using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Testing;

namespace Channels.Storage.Tests.Conversations;

/// <summary>Turns and what was said before are read in a bounded number of bytes.</summary>
public sealed class LongTurnTests(PostgresFixture postgres) : TurnStage(postgres)
{
    [PostgresFact]
    public async Task Long_turns_are_read_a_few_at_a_time_in_order_and_none_is_left_out()
    {
        var longest = await TurnAsync(Where, text: new string('a', 4_000_000));
        var (long1, long2) = (await TurnAsync(Where, text: new string('ñ', 300_000)), await TurnAsync(Where, details: $$"""{"a": "{{new string('b', 600_000)}}"}"""));
        var (short1, short2) = (await TurnAsync(), await TurnAsync());

        var pages = new List<(MessageId[] Turns, bool HasMore)>();
        while (await Store.LoadAsync(Where, default) is { Turns: { IsEmpty: false } turns, HasMoreTurns: var hasMore })
        {
            pages.Add(([.. turns.Select(turn => turn.Message)], hasMore));
            await Store.FinishTurnAsync(new TurnFinish(Where, [.. turns.Select(turn => turn.Message)], [], "silent", AgentFailed: false), default);
        }

        Assert.Equal([[longest], [long1, long2], [short1, short2]], pages.Select(page => page.Turns));
        Assert.Equal([true, true, false], pages.Select(page => page.HasMore));
    }

    [PostgresFact]
    public async Task A_long_turn_costs_no_other_conversation_any_of_its_own()
    {
        var other = Where with { Conversation = new(Ids.Next()) };
        await RunAsync(
            "insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ($1, $2, $3, '550', 'direct', now())",
            other.Tenant.Value, other.Account.Value, other.Conversation.Value);
        await TurnAsync(Where, text: new string('a', 4_000_000));
        await TurnAsync();
        var others = new List<MessageId>();
        while (others.Count < 32)
        {
            others.Add(await TurnAsync(other));
        }

        var loaded = await Task.WhenAll(Store.LoadAsync(Where, default), Store.LoadAsync(other, default));

        Assert.Equal([(1, true), (32, true)], loaded.Select(state => (state!.Turns.Length, state.HasMoreTurns)));
        Assert.Equal(others, loaded[1]!.Turns.Select(turn => turn.Message));
    }

    [PostgresFact]
    public async Task What_a_service_has_already_is_read_whatever_was_put_before_it()
    {
        var earlier = new IdSource(new ManualClock(Now.AddMinutes(-2)));
        var open = await TurnAsync();
        await Store.OpenTurnAsync(new TurnOpening(Where, [open], Now.AddMinutes(5)), default);
        var first = await TurnAsync(Where, earlier, new string('a', 4_000_000));
        await TurnAsync(Where, earlier, new string('a', 4_000_000));

        var state = await Store.LoadAsync(Where, default);

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
            await TurnAsync(Where, text: $"{said:000}" + new string('a', length - 3));
        }

        var history = await Store.HistoryAsync(Where, new MessageId(Ids.Next()), 100, default);

        Assert.Equal(Enumerable.Range(messages - expected, expected), history.Select(message => int.Parse(message.Text.AsSpan(0, 3), System.Globalization.CultureInfo.InvariantCulture)));
    }
}
