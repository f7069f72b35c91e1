using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Delivery;

namespace Channels.Grains.Tests.Delivery;

public sealed class RetryPolicyTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(9, 256)]
    [InlineData(10, 300)]
    [InlineData(100_000, 300)]
    public void The_wait_doubles_from_one_second_to_five_minutes(int attempts, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryPolicy.WaitAfter(Later(TimeSpan.Zero), attempts, new Chance(0)));

    [Fact]
    public void The_providers_own_wish_counts_when_it_is_longer()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), RetryPolicy.WaitAfter(Later(TimeSpan.FromSeconds(30)), 1, new Chance(0)));
        Assert.Equal(TimeSpan.FromHours(1), RetryPolicy.WaitAfter(Later(TimeSpan.FromHours(1)), 20, new Chance(0)));
        Assert.Equal(TimeSpan.FromSeconds(64), RetryPolicy.WaitAfter(Later(TimeSpan.FromSeconds(30)), 7, new Chance(0)));
    }

    [Theory]
    [InlineData(1, 6)]
    [InlineData(3, 16)]
    [InlineData(4, 64)]
    [InlineData(5, 256)]
    [InlineData(6, 300)]
    public void What_is_about_one_recipient_alone_waits_four_times_as_long_each_time(int attempts, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryPolicy.WaitAfter(Later(TimeSpan.FromSeconds(6)) with { OfThisMessage = true }, attempts, new Chance(0)));

    [Fact]
    public void Chance_adds_up_to_a_quarter_and_never_takes_away()
    {
        Assert.Equal(TimeSpan.FromSeconds(1.125), RetryPolicy.WaitAfter(Later(TimeSpan.Zero), 1, new Chance(0.5)));

        var random = new Random(1);
        var waits = Enumerable.Range(0, 1000).Select(_ => RetryPolicy.WaitAfter(Later(TimeSpan.FromSeconds(100)), 1, random)).ToList();
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(125)));
        Assert.True(waits.Distinct().Count() > 900, "Replies that wait the same time come back together.");
    }

    [Fact]
    public void A_reply_is_due_when_its_own_time_has_come_and_its_connections()
    {
        Assert.Equal(Noon.AddMinutes(5), RetryPolicy.DueAt(Reply(1, Noon.AddMinutes(5)), Noon.AddMinutes(1), Noon));
        Assert.Equal(Noon.AddMinutes(7), RetryPolicy.DueAt(Reply(1, Noon.AddMinutes(5)), Noon.AddMinutes(7), Noon));
        Assert.Equal(Noon.AddMinutes(75), RetryPolicy.DueAt(Reply(3, Noon.AddMinutes(75)), DateTimeOffset.MinValue, Noon));
    }

    [Fact]
    public void A_clock_that_was_set_back_puts_nothing_off()
    {
        Assert.True(RetryPolicy.DueAt(Reply(0, Noon.AddMinutes(30)), DateTimeOffset.MinValue, Noon) <= Noon);
        Assert.True(RetryPolicy.DueAt(Reply(2, Noon.AddDays(70)), Noon.AddDays(70), Noon) <= Noon);
    }

    [Theory]
    [InlineData(23, 1_000, false)]
    [InlineData(25, 9, false)]
    [InlineData(25, 10, true)]
    public void A_reply_is_given_up_on_when_it_is_of_yesterday_and_was_tried_often(int hours, int attempt, bool givenUp) =>
        Assert.Equal(givenUp ? $"not taken in 24 hours and {attempt} attempts" : null, RetryPolicy.GivenUp(Reply(attempt - 1, Noon), attempt, Noon.AddHours(hours))?.Reason);

    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static OutboxRow Reply(int attempts, DateTimeOffset next) =>
        new(new QueuedReply(new MessageId(Guid.CreateVersion7(Noon)), new ConversationId(Guid.Empty), "chat", "text", null), OutboxState.Queued, attempts, next, null, false);

    private static SendOutcome.TryLater Later(TimeSpan after) => new(after, "busy", "later");

    private sealed class Chance(double value) : Random
    {
        public override double NextDouble() => value;
    }

    [Fact]
    public void Nobody_puts_a_reply_off_for_longer_than_an_hour()
    {
        var years = new SendOutcome.TryLater(TimeSpan.FromSeconds(999_999_999), "rate-limited", "busy");

        Assert.Equal(TimeSpan.FromHours(1), RetryPolicy.WishOf(years));
        Assert.InRange(RetryPolicy.WaitAfter(years, 1, new Random(1)), TimeSpan.FromHours(1), TimeSpan.FromHours(1.25));
    }
}
