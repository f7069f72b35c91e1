using Channels.Core.Ids;
using Channels.Core.Fairness;

namespace Channels.Core.Tests.Fairness;

/// <summary>Places, turns and those who give up. Nobody is on rations here.</summary>
public sealed class FairGateTests
{
    private static readonly TenantId A = Visitor.Tenant(1);
    private static readonly TenantId B = Visitor.Tenant(2);
    private static readonly TenantId C = Visitor.Tenant(3);

    [Fact]
    public async Task So_many_are_inside_and_the_next_enters_when_one_leaves()
    {
        var gate = new FairGate(2);
        var first = Visitor.At(gate, A);
        var second = Visitor.At(gate, A);
        var third = Visitor.At(gate, B);
        Assert.True(first.IsInside);
        Assert.True(second.IsInside);
        Assert.False(third.IsInside);

        await second.LeaveAsync();

        await third.EnteredAsync();
        Assert.False(Visitor.At(gate, C).IsInside);
    }

    [Fact]
    public async Task Tenants_enter_in_turn_and_each_in_its_own_order()
    {
        var gate = new FairGate(1);
        var inside = Visitor.At(gate, A);
        var a1 = Visitor.At(gate, A);
        var a2 = Visitor.At(gate, A);
        var a3 = Visitor.At(gate, A);
        var b1 = Visitor.At(gate, B);
        var c1 = Visitor.At(gate, C);
        var b2 = Visitor.At(gate, B);

        Visitor[] order = [a1, b1, c1, a2, b2, a3];
        foreach (var (before, next) in order.Index())
        {
            await inside.LeaveAsync();
            await next.EnteredAsync();
            Assert.DoesNotContain(order.Skip(before + 1), visitor => visitor.IsInside);
            inside = next;
        }
    }

    [Fact]
    public async Task One_who_gives_up_waiting_passes_the_place_on()
    {
        var gate = new FairGate(1);
        var inside = Visitor.At(gate, A);
        using var patience = new CancellationTokenSource();
        var leaving = Visitor.At(gate, A, patience.Token);
        var leavingToo = Visitor.At(gate, B, patience.Token);
        var staying = Visitor.At(gate, A);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(leaving.EnteredAsync);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(leavingToo.EnteredAsync);

        await inside.LeaveAsync();

        await staying.EnteredAsync();
    }

    [Fact]
    public async Task Those_who_gave_up_take_no_place_with_them()
    {
        var gate = new FairGate(1);
        var inside = Visitor.At(gate, A);
        using var patience = new CancellationTokenSource();
        var leaving = Enumerable.Range(0, 10).Select(number => Visitor.At(gate, Visitor.Tenant(number), patience.Token)).ToList();
        await patience.CancelAsync();
        foreach (var visitor in leaving)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(visitor.EnteredAsync);
        }

        await inside.LeaveAsync();

        Assert.True(Visitor.At(gate, B).IsInside);
        Assert.False(Visitor.At(gate, C).IsInside);
    }

    [Fact]
    public async Task Giving_up_after_entering_changes_nothing()
    {
        var gate = new FairGate(1);
        var inside = Visitor.At(gate, A);
        using var patience = new CancellationTokenSource();
        var next = Visitor.At(gate, B, patience.Token);
        await inside.LeaveAsync();
        await next.EnteredAsync();

        await patience.CancelAsync();

        Assert.False(Visitor.At(gate, C).IsInside);
    }

    [Fact]
    public async Task A_tenant_takes_no_more_places_than_it_leaves_free_where_that_is_wanted()
    {
        var gate = new FairGate(8) { LeavesRoom = true };
        var ofA = Enumerable.Range(0, 6).Select(_ => Visitor.At(gate, A)).ToList();
        var ofB = Enumerable.Range(0, 4).Select(_ => Visitor.At(gate, B)).ToList();
        var ofC = Enumerable.Range(0, 2).Select(_ => Visitor.At(gate, C)).ToList();
        Assert.Equal((4, 2, 1), (ofA.Count(one => one.IsInside), ofB.Count(one => one.IsInside), ofC.Count(one => one.IsInside)));

        // C holds fewest: what A gives back is C's, and the next stays free for somebody else.
        await ofA[0].LeaveAsync();
        await ofC[1].EnteredAsync();
        await ofA[1].LeaveAsync();
        Assert.Equal((2, 2), (ofA.Skip(2).Count(one => one.IsInside), ofB.Count(one => one.IsInside)));

        await ofB[0].LeaveAsync();
        await ofA[4].EnteredAsync();
        await ofB[2].EnteredAsync();
        Assert.False(ofA[5].IsInside || ofB[3].IsInside);

        foreach (var visitor in new[] { ofA[2], ofA[3], ofB[1], ofC[0] })
        {
            await visitor.LeaveAsync();
        }

        await ofA[5].EnteredAsync();
        await ofB[3].EnteredAsync();
    }
}
