using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Storage.Channels;
using Channels.Storage.Queries;

namespace Channels.Api.Messages;

/// <summary>The way of a message of ours, from the queue to the contact's eyes. Pure.</summary>
internal static class OutboundSteps
{
    private const string SendAgain = "send it again with POST /api/v1/conversations/{id}/messages";

    /// <summary>So long after the attempt a provider that can say is asked whether it has an unknown reply.</summary>
    private static readonly TimeSpan LookedUpFor = TimeSpan.FromMinutes(35);

    public static IEnumerable<TimelineStep> Of(TimelineRow message, ChannelDetails? channel, LiveWaits waits, DateTimeOffset now)
    {
        var madeAt = IdSource.TimeOf(message.Id.Value);
        if (IsFromElsewhere(message))
        {
            yield return new("sent", "done", message.SentAt ?? message.OccurredAt) { What = "Written on the phone, or by another program.", ProviderMessageId = message.ProviderMessageId };
            yield return new("recorded", "done", madeAt);
        }
        else
        {
            yield return new("queued", "done", madeAt);
            yield return Sent(message, channel, waits, now);
        }

        if (message is { SentAt: { }, Status: "failed" })
        {
            yield return new("delivered", "failed", message.StatusAt)
            {
                What = message.Reason ?? "The provider took it and reported later that it failed.", Since = message.StatusAt, NextStep = $"Mend what the reason names, then {SendAgain}.",
            };
        }

        if ((message.DeliveredAt ?? (message.Status == "delivered" ? message.StatusAt : null)) is { } delivered)
        {
            yield return new("delivered", "done", delivered);
        }

        if ((message.ReadAt ?? (message.Status == "read" ? message.StatusAt : null)) is { } read)
        {
            yield return new("read", "done", read);
        }
    }

    private static TimelineStep Sent(TimelineRow message, ChannelDetails? channel, LiveWaits waits, DateTimeOffset now)
    {
        var unsettled = message.Unsettled;
        var step = new TimelineStep("sent", "done", null)
        {
            Attempts = message.Attempts > 0 ? message.Attempts : null,
            ProviderMessageId = message.ProviderMessageId,
            PossiblyDuplicate = message.PossiblyDuplicate ? true : null,
            LookUps = message.LookUps > 0 ? new(message.LookUps, unsettled?.LookedUpAt, unsettled?.LookUpAnswer) : null,
        };
        return (unsettled, message.Status) switch
        {
            (null, "failed") when message.SentAt is null => step with
            {
                State = "failed", What = message.Reason ?? "The provider refused it.", Since = message.StatusAt,
                NextStep = message.Kind == EventKinds.MessageText && channel is not null
                    ? $"Mend what the reason names; then POST /api/v1/messages/{message.Id.Value}/redrive sends a plain text once more. Anything else: {SendAgain}."
                    : $"Mend what the reason names, then {SendAgain}.",
            },
            (null, "queued") => step with { State = "pending" },
            (null, _) => step with { At = message.SentAt ?? message.StatusAt, What = message.PossiblyDuplicate ? "It may have reached the contact twice." : null },
            ({ State: OutboxState.Unknown }, _) => step with
            {
                State = "unknown",
                What = $"It may have left: {unsettled.Reason ?? message.Reason ?? "the provider did not say"}",
                Since = unsettled.SendingSince ?? message.StatusAt,
                NextStep = now - unsettled.SendingSince < LookedUpFor
                    ? "Wait half an hour: where the provider can say whether it has the message, it is asked. After that look into the chat yourself."
                    : $"Look into the chat: if the message is there, say so with POST /api/v1/messages/{message.Id.Value}/settle; if not, POST /api/v1/messages/{message.Id.Value}/redrive sends it once more.",
            },
            _ when WaitingReply.Of(message) is { } reply && WaitingAnswer.Of(reply, channel, waits, now) is { } waiting => step with
            {
                State = "waiting", What = waiting.What, Since = waiting.Since, NextStep = waiting.IsOrdinary ? null : waiting.NextStep, Waiting = waiting,
                NextAttemptAt = message.Attempts > 0 ? unsettled!.NextAttemptAt : null,
            },
            ({ State: OutboxState.Sending }, _) => step with { State = "pending", What = $"Being sent since {unsettled.SendingSince:u}." },
            _ => step with { State = "pending" },
        };
    }

    // Nobody here ever tried to send it.
    private static bool IsFromElsewhere(TimelineRow message) =>
        message is { Author: Author.Person or Author.Program, Attempts: 0, Unsettled: null, Status: not ("queued" or "failed") };
}
