using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Queries;

namespace Channels.Api.Messages;

/// <summary>Tells a message's way from what is recorded of it. Pure.</summary>
internal static class Timeline
{
    /// <summary>The way of the first row's message.</summary>
    /// <param name="rows">The message, then the replies to it.</param>
    /// <param name="channel">Its channel; null when it was deleted.</param>
    /// <param name="waits">What its delivery says of its queued replies.</param>
    /// <param name="now">The time.</param>
    public static TimelineAnswer Of(ImmutableArray<TimelineRow> rows, ChannelDetails? channel, LiveWaits waits, DateTimeOffset now)
    {
        var message = rows[0];
        var replies = rows.RemoveAt(0);
        IReadOnlyList<TimelineStep> steps = message.Outbound
            ? [.. OutboundSteps.Of(message, channel, waits, now)]
            : [.. Inbound(message, replies, channel, now), .. replies.SelectMany(reply => OutboundSteps.Of(reply, channel, waits, now).Select(step => step with { MessageId = reply.Id.Value }))];
        var wrong = steps.FirstOrDefault(step => step.NextStep is not null);
        var state = wrong is not null ? "attention" : steps.Any(step => step.State is "pending" or "waiting") ? "in_progress" : "done";
        return new(
            message.Id.Value, message.Account.Value, message.Conversation.Value, message.Outbound ? "out" : "in", message.Kind, message.Status, state,
            wrong is null ? null : new(wrong.Step, wrong.What ?? "", wrong.Since ?? wrong.At, wrong.NextStep!),
            message.Outbound ? message.Turn : null, [.. replies.Select(reply => reply.Id.Value)], steps);
    }

    private static IEnumerable<TimelineStep> Inbound(TimelineRow message, ImmutableArray<TimelineRow> replies, ChannelDetails? channel, DateTimeOffset now)
    {
        var recordedAt = IdSource.TimeOf(message.Id.Value);
        if (message.ReceivedAt is null || message.OccurredAt != message.ReceivedAt)
        {
            yield return new("posted", "done", message.OccurredAt) { What = "The provider's own time." };
        }

        if (message.ReceivedAt is { } received)
        {
            yield return new("stored", "done", received) { What = "On the disk; then the provider got its 200." };
        }

        yield return new("recorded", "done", recordedAt);
        if (message.Repeats > 0)
        {
            yield return new("repeated", "done", message.RepeatedAt) { Attempts = message.Repeats, What = "The provider brought the same again; it was not processed again." };
        }

        var first = replies.FirstOrDefault();
        var asked = first?.AskedAt ?? message.AskedAt;
        var isForAgent = message.Waiting is not null || asked is not null || first is not null;
        yield return new("routed", "done", recordedAt)
        {
            What = (isForAgent, message.Turn, message.Reason) switch
            {
                (true, { } turn, _) => $"To the agent, together with message {turn}.",
                (true, _, _) => "To the agent.",
                (false, _, { } reason) => $"Recorded, not answered: {reason}.",
                _ => "Recorded before it was written down who answers.",
            },
        };
        if (message.Waiting is { } waiting)
        {
            yield return Waiting(message, waiting, channel, now);
        }
        else if (asked is not null)
        {
            yield return Asked(asked.Value, Math.Max(first?.Asks ?? 0, message.Asks), AgentsReason(message.Reason, first?.Reason), first is not null);
        }
    }

    private static TimelineStep Waiting(TimelineRow message, WaitingTurn waiting, ChannelDetails? channel, DateTimeOffset now)
    {
        if (Hold.OfTurn(message.SuspendedAt, channel) is { } hold)
        {
            return new("asked", "waiting", message.AskedAt) { What = hold.What, Since = hold.Since, NextStep = hold.NextStep };
        }

        return new("asked", "pending", message.AskedAt)
        {
            What = waiting switch
            {
                { AnswerBy: { } limit } => $"The agent's service took it and may answer until {limit:u}, with POST /api/v1/turns/{message.Turn ?? message.Id.Value}/reply.",
                { FileBy: { } limit } when limit > now =>
                    $"It waits for its file until {limit:u}; then the agent is asked without it.{(waiting.FileTrouble is { } trouble ? $" The last attempt to fetch it: {trouble}." : "")}",
                { Ahead: > 0 } => $"Messages of this conversation that come first: {waiting.Ahead}.",
                _ => "The agent is being asked, or is about to be.",
            },
        };
    }

    // Where the agent's failure stands other things may come to stand: why a reply was refused, that its sender deleted a message.
    private static string? AgentsReason(string? ofMessage, string? ofReply) =>
        IsAgents(ofMessage) || !IsAgents(ofReply) ? ofMessage : ofReply;

    private static bool IsAgents(string? reason) =>
        reason is not null && (reason.StartsWith("agent-", StringComparison.Ordinal) || reason.StartsWith("handed over: ", StringComparison.Ordinal));

    private static TimelineStep Asked(DateTimeOffset at, int times, string? reason, bool hasReply)
    {
        var handedOver = reason?.StartsWith("handed over: ", StringComparison.Ordinal) == true;
        var why = handedOver ? reason!["handed over: ".Length..] : reason;
        var step = new TimelineStep("asked", "done", at) { Attempts = times > 0 ? times : null };
        return why switch
        {
            null => step with { What = "It answered." },
            _ when why.StartsWith("agent-", StringComparison.Ordinal) => step with
            {
                State = "failed",
                What = why,
                Since = at,
                NextStep = (handedOver, hasReply) switch
                {
                    (true, _) => "Answer the contact yourself and mend the agent; then resume it with POST /api/v1/conversations/{id}/resume.",
                    (_, true) => "The contact got the channel's apology. Mend the agent in the channel's settings; the next message is asked anew.",
                    _ => "The contact got nothing. Mend the agent in the channel's settings, and answer yourself if it matters.",
                },
            },
            _ when handedOver => step with { What = $"It handed over to a person: {why}." },
            _ when hasReply => step with { What = "It answered." },
            _ => step with { What = $"Nothing was to be said: {why}." },
        };
    }
}
