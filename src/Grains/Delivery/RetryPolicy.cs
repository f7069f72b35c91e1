using System.Globalization;
using Channels.Core.Connectors;
using Channels.Core.Outbox;

namespace Channels.Grains.Delivery;

/// <summary>When a reply that did not leave is tried again. Pure but for the jitter.</summary>
internal static class RetryPolicy
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private static readonly TimeSpan _unread = TimeSpan.FromHours(1);

    /// <summary>A quarter of an hour's.</summary>
    private const int FewestAttempts = 10;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestWish = TimeSpan.FromHours(1);

    /// <summary>
    /// The wait before attempt <paramref name="attempts"/> + 1: the provider's own wish if that is longer, else doubling from one second to five minutes, with a quarter of jitter
    /// so that replies do not come back together. What is about one recipient alone grows fourfold: that is how providers let a pair recover.
    /// </summary>
    public static TimeSpan WaitAfter(SendOutcome.TryLater outcome, int attempts, Random random)
    {
        var doubling = TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, Math.Pow(outcome.OfThisMessage ? 4 : 2, Math.Min(attempts - 1, 16))));
        var wish = WishOf(outcome);
        return (wish > doubling ? wish : doubling) * (1 + (random.NextDouble() * 0.25));
    }

    /// <summary>When a reply may leave, given that nobody may use the connection before <paramref name="notBefore"/>. Moments that a clock set back has made absurd do not count.</summary>
    public static DateTimeOffset DueAt(OutboxRow row, DateTimeOffset notBefore, DateTimeOffset now)
    {
        // Queued is due: a reply's first attempt is put off by nobody.
        var own = row.Attempts == 0 ? DateTimeOffset.MinValue : Sane(row.NextAttemptAt, now);
        var connection = FirstDueAt(notBefore, now);
        return own > connection ? own : connection;
    }

    /// <summary>When a new reply may leave: see <see cref="DueAt"/>.</summary>
    public static DateTimeOffset FirstDueAt(DateTimeOffset notBefore, DateTimeOffset now) => Sane(notBefore, now);

    /// <summary>What becomes of a reply to somebody who, as the provider has told, cannot be written to: it is not tried, and is no failure of the connection.</summary>
    public static SendOutcome.Refused OutOfReach(SendStart start, bool mayHaveLeft) => new(
        "recipient-unreachable",
        string.Create(
            CultureInfo.InvariantCulture,
            $"{start.OutOfReachReason} (since {start.OutOfReachSince?.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}); {(mayHaveLeft ? "an earlier attempt may have reached them" : "not tried")}. Resume the conversation to have messages tried all the same."));

    /// <summary>What becomes of a reply that has waited for longer than its channel's owner wants it to leave late; null when it may leave, or may have left.</summary>
    /// <remarks>Attempts that ended in anything but a mark certainly did not leave: a channel that was logged out is away like any other.</remarks>
    public static SendOutcome.Refused? TooOld(OutboxRow row, TimeSpan? most, DateTimeOffset now) =>
        most is { } limit && row is { State: OutboxState.Queued, PossiblyDuplicate: false } && now - row.WaitsSince > limit
            ? new("too-old", string.Create(
                CultureInfo.InvariantCulture,
                $"It waited since {row.WaitsSince.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}, longer than the channel's reply_max_age of {limit.TotalSeconds:0} seconds; {(row.Attempts == 0 ? "not tried" : "no attempt left")}"))
            : null;

    /// <summary>What becomes of a reply that nobody has been able to read for an hour; null for all others. Until then a process of a newer version may be about to send it.</summary>
    public static SendOutcome.Refused? Unreadable(OutboxRow row, DateTimeOffset now) => row is { IsUnreadable: true, State: OutboxState.Queued } && now - row.WaitsSince > _unread
        ? new("content-unreadable", $"what it consists of cannot be read; {(row.PossiblyDuplicate ? "an earlier attempt may have reached them" : row.Attempts == 0 ? "not tried" : "no attempt left")}. Send it anew")
        : null;

    /// <summary>What becomes of a reply that was not taken for a day: nobody expects yesterday's answer. Null while it is to be tried again.</summary>
    /// <remarks>What waited for its channel, or behind others, for that long has not been tried for that long: the first hiccup of a gateway that is back must not cost the whole backlog.</remarks>
    public static SendOutcome.Refused? GivenUp(OutboxRow row, int attempt, DateTimeOffset now) =>
        attempt >= FewestAttempts && now - row.WaitsSince > Patience
            ? new("gave-up", string.Create(CultureInfo.InvariantCulture, $"not taken in {Patience.TotalHours:0} hours and {attempt} attempts"))
            : null;

    private static DateTimeOffset Sane(DateTimeOffset moment, DateTimeOffset now) => moment - now > OutboxRow.FurthestAttempt ? DateTimeOffset.MinValue : moment;

    /// <summary>How long the provider wants to be left alone: an hour at the most, because nobody may put our replies off for years.</summary>
    public static TimeSpan WishOf(SendOutcome.TryLater outcome) => outcome.After < LongestWish ? outcome.After : LongestWish;
}
