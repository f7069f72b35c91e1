using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Grains.Media;

namespace Channels.Grains.Tests.Media;

public sealed class MediaPatienceTests
{
    private static readonly MediaFetch Fetch = new(new MessageId(new Guid(1, 0, 0, new byte[8])), new MediaReference(), 0);

    [Fact]
    public void Waits_grow_to_an_hour_and_the_providers_own_counts_when_it_is_longer()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), Wait(attempts: 0, said: TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromSeconds(40), Wait(attempts: 3, said: TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromHours(1), Wait(attempts: 1_000, said: TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromMinutes(40), Wait(attempts: 0, said: TimeSpan.FromMinutes(40)));
        Assert.Equal(TimeSpan.FromHours(1), Wait(attempts: 0, said: TimeSpan.FromDays(20_000)));
        Assert.True(TimeSpan.FromHours(1) < MediaFetch.FurthestAttempt, "A wait of an hour would be taken for a wrong clock's.");
    }

    [Fact]
    public void What_waited_a_day_for_our_own_sake_is_asked_for_more_than_once() =>
        Assert.Null(MediaPatience.After(Fetch, new MediaFetchOutcome.TryLater(TimeSpan.Zero, "busy"), TimeSpan.FromDays(2)).GivenUp);

    [Fact]
    public void After_a_day_the_file_is_given_up_with_what_was_wrong()
    {
        var (givenUp, _) = MediaPatience.After(Fetch with { Attempts = 2 }, new MediaFetchOutcome.TryLater(TimeSpan.Zero, "busy"), MediaPatience.Longest + TimeSpan.FromSeconds(1));

        Assert.Null(givenUp!.Reference);
        Assert.Contains("busy", givenUp.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_are_taken_up_to_the_limit_and_not_one_more()
    {
        using var stream = new BoundedStream(10);
        await stream.WriteAsync(new byte[8]);
        stream.WriteByte(1);
        stream.Write([1]);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await stream.WriteAsync(new byte[1]));
        await Assert.ThrowsAsync<InvalidOperationException>(() => new MemoryStream(new byte[11]).CopyToAsync(new BoundedStream(10)));
        Assert.Throws<InvalidOperationException>(() => stream.WriteByte(1));
        Assert.True(stream.IsOver);
        Assert.Equal(10, stream.Length);
    }

    [Fact]
    public async Task A_tenant_whose_downloads_hang_holds_half_of_the_places_and_the_others_go_on()
    {
        var (busy, other) = (new TenantId(new Guid(1, 0, 0, new byte[8])), new TenantId(new Guid(2, 0, 0, new byte[8])));
        var gate = new MediaGate();
        var entered = Enumerable.Range(0, 20).Select(_ => gate.EnterAsync(busy, default).AsTask()).ToList();
        var first = await gate.EnterAsync(other, default).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(4, entered.Count(place => place.IsCompleted));
        first.Dispose();
        (await entered[0]).Dispose();
        await entered[4].WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static TimeSpan Wait(int attempts, TimeSpan said)
    {
        var (givenUp, wait) = MediaPatience.After(Fetch with { Attempts = attempts }, new MediaFetchOutcome.TryLater(said, "busy"), TimeSpan.FromMinutes(1));
        Assert.Null(givenUp);
        return wait;
    }
}
