using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Inbox;

namespace Channels.Storage.Tests.Inbox;

public sealed class ArrivalsTests
{
    private static readonly AccountId _one = Webhooks.Account(1);
    private static readonly AccountId _other = Webhooks.Account(2);

    private readonly Arrivals _arrivals = new();

    [Fact]
    public void Who_does_not_follow_is_never_told_that_it_has_everything()
    {
        _arrivals.Add([Row(_one, 1)]);

        Assert.Null(_arrivals.Take(_one, 10));
    }

    [Fact]
    public void What_is_committed_since_comes_once_in_the_order_of_its_ids()
    {
        _arrivals.Follow(_one);
        _arrivals.Follow(_other);
        _arrivals.Add([Row(_one, 2), Row(_other, 3)]);
        _arrivals.Add([Row(_one, 1), Row(_one, 4)]);

        Assert.Equal([1, 2], Numbers(_arrivals.Take(_one, 2)));
        Assert.Equal([4], Numbers(_arrivals.Take(_one, 2)));
        Assert.Equal([], Numbers(_arrivals.Take(_one, 2)));
        Assert.Equal([3], Numbers(_arrivals.Take(_other, 2)));
    }

    [Fact]
    public void Who_leaves_must_read_its_table_again()
    {
        _arrivals.Follow(_one);
        _arrivals.Add([Row(_one, 1)]);
        _arrivals.Leave(_one);

        Assert.Null(_arrivals.Take(_one, 10));
        _arrivals.Follow(_one);
        Assert.Equal([], Numbers(_arrivals.Take(_one, 10)));
    }

    [Theory]
    [InlineData(513, 10)]
    [InlineData(17, 64 * 1024)]
    public void More_than_there_is_room_for_is_left_in_the_table(int rows, int bytes)
    {
        _arrivals.Follow(_one);
        _arrivals.Follow(_other);
        _arrivals.Add([.. Enumerable.Range(1, rows).Select(number => Row(_one, number, bytes)), Row(_other, 1)]);

        Assert.Null(_arrivals.Take(_one, 10));
        Assert.Equal([1], Numbers(_arrivals.Take(_other, 10)));
    }

    [Fact]
    public void What_all_have_together_is_bounded_and_room_that_was_made_is_used_again()
    {
        var accounts = Enumerable.Range(1, 64).Select(Webhooks.Account).ToList();
        accounts.ForEach(_arrivals.Follow);
        _arrivals.Add([.. accounts.Select(account => Row(account, 1, 1_000_000))]);
        var kept = accounts.Where(account => _arrivals.Take(account, 10) is not null).ToList();

        // 32 MB of a million bytes each.
        Assert.Equal(33, kept.Count);
        _arrivals.Add([.. kept.Select(account => Row(account, 2, 1_000_000))]);
        Assert.All(kept, account => Assert.Equal([2], Numbers(_arrivals.Take(account, 10))));
    }

    private static InboundWebhook Row(AccountId account, int number, int bytes = 10) =>
        Webhooks.Of(Webhooks.Tenant(1), account) with { Id = new WebhookId(new Guid(number, 0, 0, new byte[8])), Body = new byte[bytes] };

    private static IEnumerable<int> Numbers(IReadOnlyList<InboundWebhook>? rows)
    {
        Assert.NotNull(rows);
        return rows.Select(row => row.Id.Value.ToByteArray()[0] + (row.Id.Value.ToByteArray()[1] << 8));
    }
}
