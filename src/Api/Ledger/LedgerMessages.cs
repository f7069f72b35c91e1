using System.Text.Json.Serialization;
using Channels.Core.Media;
using Channels.Storage.Queries;

namespace Channels.Api.Ledger;

/// <summary>A tenant's books at one moment, and those of a page of its channels. <c>tenant</c> is the sum over all channels, or over the one asked for.</summary>
internal sealed record LedgerAnswer(DateTimeOffset AsOf, BookAnswer Tenant, IReadOnlyList<ChannelBookAnswer> Channels, long Total, int Page, int Limit);

/// <summary>The books of a page of tenants.</summary>
internal sealed record TenantLedgerAnswer(IReadOnlyList<TenantBookAnswer> Tenants, long Total, int Page, int Limit);

/// <summary>A channel's books. A deleted channel keeps them.</summary>
internal sealed record ChannelBookAnswer(
    Guid ChannelId, string Name, string ChannelType, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? DeletedAt, BookAnswer Book);

/// <summary>A tenant's.</summary>
internal sealed record TenantBookAnswer(Guid TenantId, string Name, bool Suspended, BookAnswer Book);

/// <summary>What came in and what became of it.</summary>
/// <param name="Balanced">Whether every difference is 0.</param>
/// <param name="Problem">What is wrong, and what to do; null when nothing is.</param>
/// <param name="OldestUnfinished">What has waited longest; null when nothing waits.</param>
/// <param name="NextSteps">What a person should look at; empty when nothing is.</param>
/// <param name="Webhooks">accepted = finished + waiting + parked + difference.</param>
/// <param name="Messages">received = answered + not_answered + in_progress + ended_before + difference.</param>
/// <param name="Replies">queued = sent + failed + unknown + waiting + difference.</param>
/// <param name="Dropped">What was dropped, by reason.</param>
internal sealed record BookAnswer(
    bool Balanced, string? Problem, OldestAnswer? OldestUnfinished, IReadOnlyList<string> NextSteps, WebhookBookAnswer Webhooks, MessageBookAnswer Messages,
    ReplyBookAnswer Replies, IReadOnlyList<DropAnswer> Dropped)
{
    /// <summary>What waits for longer is for a person to look at; a busy hour is over sooner.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    /// <param name="book">The figures.</param>
    /// <param name="now">The moment they are of.</param>
    /// <param name="files">What keeps files from being kept, or null.</param>
    public static BookAnswer Of(Book book, DateTimeOffset now, MediaTrouble? files = null)
    {
        var (webhooks, messages, replies) = (book.Webhooks, book.Messages, book.Replies);
        return new(
            ProblemOf(book) is null, ProblemOf(book), OldestAnswer.Of(book, now), [.. NextStepsOf(book, now, files)],
            new(webhooks.Accepted, webhooks.Finished, webhooks.Waiting, webhooks.Parked, webhooks.Difference),
            new(messages.Received, messages.Answered, messages.NotAnswered, messages.InProgress, messages.EndedBefore, messages.Difference),
            new(replies.Queued, replies.Sent, replies.Failed, replies.Unknown, replies.Waiting, replies.Difference),
            [
                .. book.Duplicates > 0 ? [new DropAnswer("duplicate", "it was here already", book.Duplicates, null)] : Array.Empty<DropAnswer>(),
                .. book.Drops.Select(drop => new DropAnswer(drop.What, drop.Reason, drop.Count, drop.LastAt)),
            ]);
    }

    private static IEnumerable<string> NextStepsOf(Book book, DateTimeOffset now, MediaTrouble? files)
    {
        if (book.Webhooks.Parked > 0)
        {
            yield return $"Webhooks that nobody could read: {book.Webhooks.Parked}. See why, and replay them, with GET /api/v1/parked-webhooks/groups.";
        }

        if (book.Replies.Unknown > 0)
        {
            yield return $"Replies that may have left: {book.Replies.Unknown}. GET /api/v1/messages?status=unknown lists them, each one's timeline says what to do.";
        }

        if (files is not null && book.Webhooks.Waiting > 0)
        {
            // Whatever the channel's status: it knows of its provider, not of our disk.
            yield return $"{files.What} Webhooks that bring one wait, with all of their channel behind them, since {files.Since:u} at the earliest. {files.NextStep}";
        }

        if (OldestAnswer.Of(book, now) is { } oldest && now - oldest.Since > Long)
        {
            yield return $"A {oldest.What} has waited since {oldest.Since:u}. Look at the channel's status and next_step, with GET /api/v1/channels.";
        }
    }

    private static string? ProblemOf(Book book) => (book.Webhooks.Difference, book.Messages.Difference, book.Replies.Difference) switch
    {
        (0, 0, 0) => null,
        ( > 0 and var lost, _, _) => $"{lost} webhooks were acknowledged and are nowhere. Ask the provider to send what came in that time again, and tell the operator: this must not happen.",
        (_, > 0 and var lost, _) => $"{lost} messages were recorded, and neither ended nor wait. Unless a process of the version before this one ended them, look for messages without reply and tell the operator: this must not happen.",
        (_, _, > 0 and var lost) => $"{lost} replies were queued, and are neither settled nor waiting. Look for messages without reply, and tell the operator: this must not happen.",
        _ => "More ended than began: a process of the version before this one took part, which counts less. Nothing is lost by it.",
    };
}

/// <summary>What has waited longest.</summary>
/// <param name="What"><c>webhook</c>, <c>message</c> (to be answered) or <c>reply</c> (to be sent).</param>
/// <param name="Since">Since when.</param>
/// <param name="AgeSeconds">How long that is.</param>
internal sealed record OldestAnswer(string What, DateTimeOffset Since, double AgeSeconds)
{
    public static OldestAnswer? Of(Book book, DateTimeOffset now)
    {
        (string What, DateTimeOffset? Since)[] all = [("webhook", book.Webhooks.OldestWaiting), ("message", book.Messages.OldestInProgress), ("reply", book.Replies.OldestWaiting)];
        var oldest = all.Where(one => one.Since is not null).OrderBy(one => one.Since).FirstOrDefault();
        return oldest.Since is { } since ? new(oldest.What, since, Math.Round(Math.Max(0, (now - since).TotalSeconds), 3)) : null;
    }
}

/// <summary>Webhooks: acknowledged; worked off; not yet worked off; parked now.</summary>
internal sealed record WebhookBookAnswer(long Accepted, long Finished, long Waiting, long Parked, long Difference);

/// <summary>Messages of contacts: recorded; a reply was queued; ended without a reply, with the reasons under <c>dropped</c>; to be answered; ended before this was counted.</summary>
internal sealed record MessageBookAnswer(long Received, long Answered, long NotAnswered, long InProgress, long EndedBefore, long Difference);

/// <summary>Messages of ours: queued; taken by the provider; refused or given up; may have left, for a person to look at; to be sent.</summary>
internal sealed record ReplyBookAnswer(long Queued, long Sent, long Failed, long Unknown, long Waiting, long Difference);

/// <summary>How many were dropped for one reason. <c>what</c>: <c>duplicate</c>; <c>event</c>, which has no row of its own; <c>message</c>, which was recorded and not answered.</summary>
internal sealed record DropAnswer(
    string What, string Reason, long Count, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? LastAt);
