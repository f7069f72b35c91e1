using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Delivery;

namespace Channels.Grains.Tests.Delivery;

public sealed class LaneTests
{
    [Fact]
    public void All_is_forgotten_but_for_the_reply_under_way_and_the_rest_is_in_the_table()
    {
        var lane = new Lane { UnderWay = Id(2) };
        foreach (var n in (int[])[1, 2, 3])
        {
            lane.TryAdd(Row(n));
        }

        lane.KeepUnderWay();

        Assert.Equal((Id(2), 1, true), (lane.Head?.Reply.Id, lane.Count, lane.HasMore));
    }

    [Fact]
    public void A_place_kept_for_a_reply_that_is_not_there_keeps_no_other_in_memory()
    {
        var lane = new Lane { UnderWay = Id(1) };
        lane.TryAdd(Row(2));

        lane.KeepUnderWay();

        Assert.True(lane is { IsEmpty: true, Busy: true });
    }

    private static OutboxRow Row(int n) => new(
        new QueuedReply(Id(n), new ConversationId(Id(9).Value), "549", "hola", ReplyTo: null), OutboxState.Queued, 0, DateTimeOffset.MinValue, null, PossiblyDuplicate: false);

    private static MessageId Id(int n) => new(new Guid($"00000000-0000-7000-8000-{n:000000000000}"));
}
