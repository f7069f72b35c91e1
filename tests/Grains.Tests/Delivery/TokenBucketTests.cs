using Channels.Grains.Delivery;
using Channels.Testing;

namespace Channels.Grains.Tests.Delivery;

public sealed class TokenBucketTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void A_burst_of_one_seconds_worth_goes_at_once_and_the_next_waits()
    {
        var bucket = new TokenBucket(20, _clock);

        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal(TimeSpan.Zero, bucket.Take()));

        Assert.Equal(TimeSpan.FromMilliseconds(50), bucket.Take());
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(30)]
    [InlineData(80)]
    public void Who_waits_as_told_sends_at_the_sustained_rate_and_not_faster(double perSecond)
    {
        var bucket = new TokenBucket(perSecond, _clock);
        while (bucket.Take() == TimeSpan.Zero)
        {
        }

        var started = _clock.GetUtcNow();
        for (var sent = 1; sent <= 200; sent++)
        {
            // The send before took the only token there was, and the clock has stood still since.
            var wait = bucket.Take();
            Assert.True(wait > TimeSpan.Zero, $"Send {sent} came with the one before it.");
            while (wait > TimeSpan.Zero)
            {
                _clock.Advance(wait);
                wait = bucket.Take();
            }

            Assert.InRange((_clock.GetUtcNow() - started).TotalSeconds, (sent / perSecond) - 0.001, (sent / perSecond) + 0.001);
        }
    }

    [Fact]
    public void A_long_pause_saves_no_more_than_one_seconds_worth()
    {
        var bucket = new TokenBucket(5, _clock);
        while (bucket.Take() == TimeSpan.Zero)
        {
        }

        _clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(5, Enumerable.Range(0, 100).Count(_ => bucket.Take() == TimeSpan.Zero));
    }

    [Fact]
    public void Slower_than_one_a_second_still_begins_with_one()
    {
        var bucket = new TokenBucket(0.5, _clock);

        Assert.Equal(TimeSpan.Zero, bucket.Take());
        Assert.Equal(TimeSpan.FromSeconds(2), bucket.Take());
    }

    [Fact]
    public void Asking_again_and_again_does_not_draw_the_wait_out()
    {
        var bucket = new TokenBucket(1, _clock);
        bucket.Take();
        for (var asked = 0; asked < 9; asked++)
        {
            bucket.Take();
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(bucket.Take(), TimeSpan.FromMilliseconds(99.999), TimeSpan.FromMilliseconds(100.001));
    }
}
