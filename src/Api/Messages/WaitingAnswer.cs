using System.Text.Json.Serialization;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;

namespace Channels.Api.Messages;

/// <summary>Why a message of ours does not leave, since when, until when, and which button to press. Pure.</summary>
/// <param name="Reason">
/// A word of ours: <c>channel_not_active, tenant_suspended, channel_deleted, circuit_open, rate_limited, retry, paced, behind_earlier, behind_others, store_unavailable</c>, or
/// <c>unknown</c> when nobody could be asked, or what was said is of a newer version.
/// </param>
/// <param name="What">The same in words.</param>
/// <param name="Since">Since when that is so.</param>
/// <param name="Until">When it is tried again, or goes on; null when that depends on somebody.</param>
/// <param name="NextStep">What to do.</param>
internal sealed record WaitingAnswer(string Reason, string What, DateTimeOffset Since, DateTimeOffset? Until, string NextStep)
{
    private const string Nothing = "Nothing: it leaves by itself.";

    /// <summary>Of <c>behind_earlier</c>: the message that comes first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? Behind { get; init; }

    /// <summary>It is the ordinary course of things, or not known to be otherwise: nobody need look after it.</summary>
    [JsonIgnore]
    public bool IsOrdinary { get; init; }

    /// <summary>What a reply waits for.</summary>
    /// <param name="reply">The reply, unsettled.</param>
    /// <param name="channel">Its channel; null when it was deleted.</param>
    /// <param name="live">What its delivery says.</param>
    /// <param name="now">The time.</param>
    /// <returns>Null when it is on its way, or about to be.</returns>
    public static WaitingAnswer? Of(WaitingReply reply, ChannelDetails? channel, LiveWaits live, DateTimeOffset now)
    {
        if (Hold.OfReply(reply.SuspendedAt, channel, now) is { } hold)
        {
            return new(hold.Reason, hold.What, hold.Since ?? reply.Since, hold.Until, hold.NextStep);
        }

        if (live.Of(reply.Id) is { } wait)
        {
            return OfCause(wait, reply, channel!);
        }

        // Being sent, as far as the table knows.
        if (reply.State != OutboxState.Queued)
        {
            return null;
        }

        return reply.LastError is not null ? Retry(reply, reply.NextAttemptAt)
            : live.IsAnswered ? null
            : Unknown("Nobody could say: what sends for this account did not answer.", reply.Since, null);
    }

    private static WaitingAnswer Unknown(string what, DateTimeOffset since, DateTimeOffset? until) =>
        new("unknown", what, since, until, "Ask again in a moment. If it stays so, tell the operator.") { IsOrdinary = true };

    private static WaitingAnswer OfCause(ReplyWait wait, WaitingReply reply, ChannelDetails channel) => wait.Cause switch
    {
        ReplyWaitCause.CircuitOpen => new(
            "circuit_open", $"The provider failed again and again{Because(reply.LastError ?? wait.Code)}; it is left alone for a while, then one message tries it for all.", wait.Since ?? reply.Since,
            wait.Until, $"See whether it answers with POST /api/v1/channels/{channel.Account.Value}/test-connection, and mend what that names; then what waits leaves by itself."),
        ReplyWaitCause.RateLimited => RateLimited(reply, wait.Since ?? reply.Since, wait.Until),
        ReplyWaitCause.Retry => Retry(reply, wait.Until),
        ReplyWaitCause.Paced => new("paced", "The account, or this chat, is written to no faster than its provider allows.", reply.Since, wait.Until, Nothing) { IsOrdinary = true },
        ReplyWaitCause.BehindEarlier => new(
            "behind_earlier", "An earlier message of this conversation comes first.", reply.Since, wait.Until, $"See what holds that one up: GET /api/v1/messages/{wait.Behind?.Value}/timeline.")
        {
            Behind = wait.Behind?.Value,
            IsOrdinary = wait.Until is null,
        },
        ReplyWaitCause.BehindOthers => new("behind_others", "Other messages of this account are on their way, or come first.", reply.Since, wait.Until, Nothing) { IsOrdinary = true },
        ReplyWaitCause.StoreUnavailable => new(
            "store_unavailable", "The server's own database did not take a step.", wait.Since ?? reply.Since, wait.Until, "Nothing: it is tried again by itself. If it stays so, tell the operator."),

        // While versions run side by side, what sends may know causes that we do not.
        _ => Unknown("What sends for this account names a cause that this server does not know.", wait.Since ?? reply.Since, wait.Until),
    };

    // The provider may have meant this one chat, or the process that heard it is gone: then it stands with the reply alone.
    private static WaitingAnswer Retry(WaitingReply reply, DateTimeOffset? until) =>
        reply.LastError is { } error && (error.StartsWith("rate-limited:", StringComparison.Ordinal) || error.StartsWith("recipient-rate-limited:", StringComparison.Ordinal))
            ? RateLimited(reply, reply.Since, until)
            : new(
                "retry", reply.LastError ?? "The last attempt failed.", reply.Since, until,
                $"Nothing, if it passes: it is tried again by itself until {reply.TriedUntil:u}. If it stays so, see to what the reason names.");

    private static WaitingAnswer RateLimited(WaitingReply reply, DateTimeOffset since, DateTimeOffset? until) => new(
        "rate_limited", reply.LastError ?? "The provider wants less of this account for a while.", since, until,
        $"Nothing: it is tried again by itself until {reply.TriedUntil:u}. If it comes often, send less at once.");

    private static string Because(string? reason) => reason is null ? "" : $" ({reason})";
}

/// <summary>An unsettled reply, as far as it matters to what it waits for.</summary>
/// <param name="Id">Which.</param>
/// <param name="State">Where it stands; none of unknown outcome waits.</param>
/// <param name="LastAttemptAt">When its last attempt began; null before the first.</param>
/// <param name="NextAttemptAt">Not sent before.</param>
/// <param name="LastError">How the last attempt ended; null before the first.</param>
/// <param name="SuspendedAt">Since when its tenant is stopped; null when it is not.</param>
/// <param name="QueuedAt">When a person had it sent once more; null when nobody did.</param>
internal sealed record WaitingReply(
    MessageId Id, OutboxState State, DateTimeOffset? LastAttemptAt, DateTimeOffset NextAttemptAt, string? LastError, DateTimeOffset? SuspendedAt, DateTimeOffset? QueuedAt)
{
    /// <summary>Since its last attempt, or since it was queued when that was later.</summary>
    public DateTimeOffset Since => LastAttemptAt > Queued ? LastAttemptAt.Value : Queued;

    /// <summary>When it is given up, a day after it was queued.</summary>
    public DateTimeOffset TriedUntil => Queued.AddDays(1);

    private DateTimeOffset Queued => QueuedAt ?? IdSource.TimeOf(Id.Value);

    /// <summary>Null for a message that is no reply to be sent.</summary>
    public static WaitingReply? Of(Storage.Queries.MessageRow row) => Of(row.Id, row.Attempts, row.Unsettled, row.SuspendedAt);

    /// <inheritdoc cref="Of(Storage.Queries.MessageRow)"/>
    public static WaitingReply? Of(Storage.Queries.TimelineRow row) => Of(row.Id, row.Attempts, row.Unsettled, row.SuspendedAt);

    private static WaitingReply? Of(MessageId id, int attempts, Storage.Queries.UnsettledReply? unsettled, DateTimeOffset? suspendedAt) =>
        unsettled is { State: not OutboxState.Unknown }
            ? new(id, unsettled.State, attempts > 0 ? unsettled.SendingSince : null, unsettled.NextAttemptAt, attempts > 0 ? unsettled.Reason : null, suspendedAt, unsettled.QueuedAt)
            : null;
}
