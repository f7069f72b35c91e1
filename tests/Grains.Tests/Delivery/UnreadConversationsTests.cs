using Channels.Core.Ids;
using Channels.Grains.Delivery;

namespace Channels.Grains.Tests.Delivery;

public sealed class UnreadConversationsTests
{
    private readonly UnreadConversations _unread = new();

    [Fact]
    public void Who_has_more_waiting_is_read_again_behind_the_others()
    {
        Add(1, 2, 3);

        Assert.Equal(Some(1, 2), _unread.Take(2));
        Add(1);

        Assert.Equal(Some(3, 1), _unread.Take(2));
        Assert.Equal(0, _unread.Count);
    }

    [Fact]
    public void Who_was_not_reached_is_the_next()
    {
        Add(1, 2, 3, 4);
        _unread.Take(3);

        // Somebody brought a reply of one of them meanwhile.
        Add(3);
        _unread.PutBack(Some(2, 3));

        Assert.Equal(Some(2, 3, 4), _unread.Take(10));
    }

    [Fact]
    public void Each_has_one_place()
    {
        Add(1, 2, 1);

        Assert.True(_unread.Remove(Some(1)[0]));
        Assert.False(_unread.Remove(Some(1)[0]));
        Assert.False(_unread.Contains(Some(1)[0]));
        Assert.Equal(Some(2), _unread.Take(10));

        Add(5);
        _unread.Clear();
        Assert.Equal((0, false), (_unread.Count, _unread.Contains(Some(5)[0])));
    }

    private static List<ConversationId> Some(params int[] numbers) => [.. numbers.Select(number => new ConversationId(new Guid(number, 0, 0, new byte[8])))];

    private void Add(params int[] numbers) => Some(numbers).ForEach(_unread.Add);
}
