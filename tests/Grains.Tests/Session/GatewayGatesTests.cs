using Channels.Core.Ids;
using Channels.Grains.Session;
using Channels.Testing;

namespace Channels.Grains.Tests.Session;

public sealed class GatewayGatesTests
{
    private static readonly TenantId Tenant = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));

    [Fact]
    public async Task So_many_at_a_time_reach_one_gateway_and_another_one_is_not_kept_waiting()
    {
        var gates = new GatewayGates(2, 1000, TimeProvider.System);
        var first = await gates.EnterAsync("a:8080", Tenant, asked: false, default);
        using var second = await gates.EnterAsync("A:8080", Tenant, asked: false, default);

        var third = gates.EnterAsync("a:8080", Tenant, asked: false, default);
        using var other = await gates.EnterAsync("b:8080", Tenant, asked: false, default);

        Assert.False(third.IsCompleted);
        first.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task What_a_person_asked_for_does_not_wait_for_what_is_due()
    {
        var gates = new GatewayGates(1, 1000, TimeProvider.System);
        using var due = await gates.EnterAsync("a:8080", Tenant, asked: false, default);

        var asked = gates.EnterAsync("a:8080", Tenant, asked: true, default);

        Assert.True(asked.IsCompletedSuccessfully);
        (await asked).Dispose();
    }

    [Fact]
    public async Task A_gateway_nobody_uses_is_forgotten()
    {
        var gates = new GatewayGates(1, 1000, TimeProvider.System);
        var place = await gates.EnterAsync("a:8080", Tenant, asked: false, default);
        using var given = new CancellationTokenSource();
        var waiting = gates.EnterAsync("a:8080", Tenant, asked: false, given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        place.Dispose();
        place.Dispose();

        Assert.Equal(0, gates.Count);
    }

    [Fact]
    public async Task What_is_due_reaches_a_gateway_at_a_pace_and_what_a_person_asked_for_does_not_wait_for_it()
    {
        var clock = new ManualClock();
        var gates = new GatewayGates(atOnce: 100, perSecond: 8, clock);
        using var stays = await gates.EnterAsync("a:8080", Tenant, asked: false, default);

        // A quarter of a second's share may come together, the one who stays included.
        for (var together = 0; together < 2; together++)
        {
            Assert.True(gates.EnterAsync("a:8080", Tenant, asked: false, default).IsCompletedSuccessfully);
        }

        var paced = gates.EnterAsync("a:8080", Tenant, asked: false, default);
        Assert.False(paced.IsCompleted);
        Assert.True(gates.EnterAsync("a:8080", Tenant, asked: true, default).IsCompletedSuccessfully);
        Assert.True(gates.EnterAsync("b:8080", Tenant, asked: false, default).IsCompletedSuccessfully);

        clock.Advance(TimeSpan.FromSeconds(1) / 8);

        (await paced.WaitAsync(TimeSpan.FromSeconds(20))).Dispose();
    }

    [Fact]
    public async Task Who_gives_up_while_the_pace_is_kept_gives_the_place_back()
    {
        var gates = new GatewayGates(atOnce: 2, perSecond: 1, new ManualClock());
        using var stays = await gates.EnterAsync("a:8080", Tenant, asked: false, default);
        using var given = new CancellationTokenSource();
        var paced = gates.EnterAsync("a:8080", Tenant, asked: false, given.Token);

        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => paced);
        Assert.Equal(1, gates.Count);
    }
}
