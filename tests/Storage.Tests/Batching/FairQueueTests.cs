using Channels.Core.Ids;
using Channels.Storage.Batching;

namespace Channels.Storage.Tests.Batching;

public sealed class FairQueueTests
{
    private static readonly TenantId A = Tenant(1);
    private static readonly TenantId B = Tenant(2);
    private static readonly TenantId C = Tenant(3);

    [Fact]
    public void Tenants_are_served_in_turn_and_each_in_its_own_order()
    {
        var queue = Queue((A, "a1"), (A, "a2"), (A, "a3"), (B, "b1"), (C, "c1"), (B, "b2"));

        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3"], TakeAll(queue));
    }

    [Fact]
    public void One_who_comes_last_waits_for_one_item_of_each_other_and_not_for_all()
    {
        var queue = new FairQueue<string>(1000);
        for (var number = 0; number < 500; number++)
        {
            queue.TryAdd(A, $"a{number}");
        }

        queue.TryAdd(B, "b");

        Assert.Equal(["a0", "b", "a1"], TakeAll(queue).Take(3));
    }

    [Fact]
    public void One_who_was_served_and_comes_again_goes_behind_the_others()
    {
        var queue = Queue((A, "a1"), (B, "b1"), (C, "c1"));
        queue.TryTake(out _);

        queue.TryAdd(A, "a2");

        Assert.Equal(["b1", "c1", "a2"], TakeAll(queue));
    }

    [Fact]
    public void One_tenant_fills_at_most_three_quarters_and_the_others_find_room()
    {
        var queue = new FairQueue<string>(8);

        var taken = Enumerable.Range(0, 8).Count(_ => queue.TryAdd(A, "a"));

        Assert.Equal(6, taken);
        Assert.True(queue.TryAdd(B, "b1"));
        Assert.True(queue.TryAdd(C, "c1"));
        Assert.False(queue.TryAdd(B, "one more than there is room for"));
        Assert.Equal(8, queue.Count);
    }

    [Fact]
    public void Whose_turn_may_not_be_taken_is_passed_over_and_keeps_what_it_has()
    {
        var queue = Queue((A, "a1"), (A, "a2"), (B, "b1"), (C, "c1"));

        var taken = new List<string>();
        while (queue.TryTake(out var item, tenant => tenant != A))
        {
            taken.Add(item);
        }

        Assert.Equal(["b1", "c1"], taken);
        Assert.Equal(["a1", "a2"], TakeAll(queue));
    }

    [Fact]
    public void Room_that_was_given_back_can_be_filled_again()
    {
        var queue = new FairQueue<string>(8);
        while (queue.TryAdd(A, "a"))
        {
        }

        queue.TryTake(out _);

        Assert.True(queue.TryAdd(A, "a"));
        Assert.False(queue.TryAdd(A, "a"));
    }

    [Fact]
    public void A_queue_without_bounds_takes_as_much_as_comes_of_one_tenant()
    {
        var queue = new FairQueue<int>(int.MaxValue);

        Assert.All(Enumerable.Range(0, 10_000), number => Assert.True(queue.TryAdd(A, number)));
    }

    [Fact]
    public void A_closed_queue_takes_nothing_in_and_gives_out_what_it_has()
    {
        var queue = Queue((A, "a1"), (B, "b1"));

        queue.Close();

        Assert.False(queue.TryAdd(A, "a2"));
        Assert.False(queue.TryAdd(C, "c1"));
        Assert.Equal(["a1", "b1"], TakeAll(queue));
    }

    [Fact]
    public void The_count_follows_what_comes_and_goes()
    {
        var queue = Queue((A, "a1"), (A, "a2"), (B, "b1"));
        Assert.Equal(3, queue.Count);

        queue.TryTake(out _);
        Assert.Equal(2, queue.Count);

        TakeAll(queue);
        Assert.Equal(0, queue.Count);
        Assert.False(queue.TryTake(out _));
    }

    [Fact]
    public async Task Many_who_bring_and_take_at_once_lose_and_double_nothing()
    {
        const int Each = 5_000;
        var queue = new FairQueue<(int Tenant, int Number)>(int.MaxValue);
        var taken = new List<(int Tenant, int Number)>[2];
        var bringing = Enumerable.Range(0, 3).Select(tenant => Task.Run(() =>
        {
            for (var number = 0; number < Each; number++)
            {
                queue.TryAdd(Tenant(tenant), (tenant, number));
            }
        })).ToArray();
        var brought = Task.WhenAll(bringing);
        var taking = Enumerable.Range(0, 2).Select(reader => Task.Run(() =>
        {
            taken[reader] = [];
            while (!brought.IsCompleted || queue.Count > 0)
            {
                if (queue.TryTake(out var item))
                {
                    taken[reader].Add(item);
                }
            }
        }));

        await Task.WhenAll(taking).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(3 * Each, taken[0].Concat(taken[1]).Distinct().Count());
        Assert.Equal(3 * Each, taken[0].Count + taken[1].Count);
        Assert.All(taken, ofReader => Assert.All(
            ofReader.GroupBy(item => item.Tenant), ofTenant => Assert.Equal(ofTenant.Order(), ofTenant)));
    }

    private static TenantId Tenant(int number) => new(new Guid(number, 0, 0, new byte[8]));

    private static FairQueue<string> Queue(params (TenantId Tenant, string Item)[] items)
    {
        var queue = new FairQueue<string>(100);
        Assert.All(items, item => Assert.True(queue.TryAdd(item.Tenant, item.Item)));
        return queue;
    }

    private static List<string> TakeAll(FairQueue<string> queue)
    {
        var taken = new List<string>();
        while (queue.TryTake(out var item))
        {
            taken.Add(item);
        }

        return taken;
    }
}
