using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Grains.Conversation;

namespace Channels.Grains.Tests.Conversation;

public sealed class TurnQueueTests
{
    private readonly TurnQueue _queue = new();

    [Fact]
    public void In_the_beginning_the_table_must_be_read()
    {
        Assert.True(_queue.MustLoad);
        Assert.True(_queue.IsEmpty);
    }

    [Fact]
    public void The_oldest_turn_comes_first_whoever_brought_it_and_in_whatever_order()
    {
        Load(Turns(5, 3));

        _queue.Offer(Turns(4, 2), complete: true);

        Assert.False(_queue.MustLoad);
        Assert.Equal([2, 3, 4, 5], TakeAll());
    }

    [Fact]
    public void A_turn_brought_twice_is_there_once()
    {
        Load(Turns(1, 2));

        _queue.Offer(Turns(2, 1), complete: true);

        Assert.Equal([1, 2], TakeAll());
    }

    [Fact]
    public void A_caller_who_brings_nothing_or_not_all_sends_it_to_the_table()
    {
        Load([]);
        _queue.Offer([], complete: true);
        Assert.True(_queue.MustLoad);

        Load([]);
        _queue.Offer(Turns(1), complete: false);
        Assert.True(_queue.MustLoad);
    }

    [Fact]
    public void What_is_brought_while_the_table_is_read_is_kept_beside_what_it_has()
    {
        _queue.Offer(Turns(1), complete: true);
        _queue.BeginLoad();
        _queue.Offer(Turns(7), complete: true);

        _queue.EndLoad(Turns(3, 4), hasMore: false);

        // The first was ended meanwhile: the table does not have it any more.
        Assert.False(_queue.MustLoad);
        Assert.Equal([3, 4, 7], TakeAll());
    }

    [Fact]
    public void Doubt_that_comes_while_the_table_is_read_outlives_the_read()
    {
        _queue.BeginLoad();
        _queue.Offer([], complete: false);

        _queue.EndLoad(Turns(1), hasMore: false);

        Assert.True(_queue.MustLoad);
    }

    [Fact]
    public void A_full_page_may_have_successors_so_nothing_behind_it_is_taken_for_the_next()
    {
        _queue.BeginLoad();
        _queue.Offer(Turns(100), complete: true);

        _queue.EndLoad(Turns([.. Enumerable.Range(1, 32)]), hasMore: true);
        _queue.Offer(Turns(101), complete: true);

        Assert.False(_queue.MustLoad);
        Assert.Equal(Enumerable.Range(1, 32), TakeAll());
        Assert.True(_queue.MustLoad);
    }

    [Fact]
    public void More_than_memory_should_hold_is_left_in_the_table()
    {
        Load([]);

        _queue.Offer(Turns([.. Enumerable.Range(1, 40)]), complete: true);
        _queue.Remove([Turn(1)]);
        _queue.Offer(Turns(41), complete: true);

        Assert.False(_queue.MustLoad);
        Assert.Equal(Enumerable.Range(2, 31), TakeAll());
        Assert.True(_queue.MustLoad);
        Load(Turns(33, 34));
        Assert.False(_queue.MustLoad);
    }

    [Fact]
    public void Longer_texts_than_memory_should_hold_are_left_in_the_table()
    {
        Load([]);
        PendingTurn Long(int number) => Turn(number) with { Text = new string('a', 600_000), DetailsJson = new string('b', 200_000) };

        _queue.Offer([Long(1), Long(2), Long(3)], complete: true);
        _queue.Remove([Turn(1)]);
        _queue.Offer(Turns(4), complete: true);

        Assert.False(_queue.MustLoad);
        Assert.Equal([2], TakeAll());
        Assert.True(_queue.MustLoad);
    }

    [Fact]
    public void A_page_that_was_cut_may_have_successors_however_few_it_has()
    {
        _queue.BeginLoad();
        _queue.Offer(Turns(100), complete: true);

        _queue.EndLoad(Turns(1, 2), hasMore: true);
        _queue.Offer(Turns(101), complete: true);

        Assert.Equal([1, 2], TakeAll());
        Assert.True(_queue.MustLoad);
    }

    [Fact]
    public void What_may_have_been_left_out_before_a_turn_that_a_service_has_comes_first()
    {
        _queue.BeginLoad();
        _queue.EndLoad([Turn(1), Open(9)], hasMore: true);

        Assert.Equal([1], TakeAll());
        Assert.True(_queue.MustLoad);

        _queue.BeginLoad();
        _queue.EndLoad([Open(9), Turn(10)], hasMore: true);
        Assert.Equal([9, 10], TakeAll());
    }

    [Fact]
    public void Behind_a_long_turn_that_a_service_has_what_comes_is_seen()
    {
        Load([Open(1) with { Text = new string('a', 2_000_000) }]);

        _queue.Offer(Turns(2), complete: true);

        Assert.Equal([1, 2], TakeAll());
    }

    [Fact]
    public void The_last_of_what_was_left_may_be_one_with_what_is_in_the_table_until_that_was_read_from_it_on()
    {
        _queue.BeginLoad();
        _queue.EndLoad(Turns(1, 2, 3), hasMore: true);
        Assert.False(_queue.EndsAt(Turn(3)));

        _queue.Remove([Turn(1)]);
        Assert.True(_queue.EndsAt(Turn(3)));
        Assert.False(_queue.EndsAt(Turn(2)));

        Load(Turns(3, 4));
        _queue.Remove([Turn(3)]);
        Assert.False(_queue.EndsAt(Turn(4)));
    }

    [Fact]
    public void After_a_read_that_failed_nothing_is_known()
    {
        Load(Turns(1));
        _queue.BeginLoad();

        _queue.Doubt();

        Assert.True(_queue.MustLoad);
        Assert.True(_queue.IsEmpty);
    }

    [Fact]
    public void A_turn_that_is_ended_makes_way_for_the_next()
    {
        Load(Turns(1, 2));

        _queue.Remove([Turn(1)]);
        _queue.Remove([Turn(1)]);

        Assert.Equal(Turn(2).Message, _queue.Turns.First().Message);
    }

    private static PendingTurn Turn(int number) =>
        new(new MessageId(new Guid(number, 0, 0, new byte[8])), "message.text", "text", null, DateTimeOffset.UnixEpoch, null, $"p{number}");

    private static PendingTurn Open(int number) => Turn(number) with { AnswerBy = DateTimeOffset.UnixEpoch };

    private static ImmutableArray<PendingTurn> Turns(params int[] numbers) => [.. numbers.Select(Turn)];

    private void Load(ImmutableArray<PendingTurn> found)
    {
        _queue.BeginLoad();
        _queue.EndLoad(found, hasMore: false);
    }

    private List<int> TakeAll()
    {
        var taken = new List<int>();
        while (_queue.Turns.FirstOrDefault() is { } head)
        {
            taken.Add(int.Parse(head.ProviderMessageId.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture));
            _queue.Remove([head]);
        }

        return taken;
    }
}
