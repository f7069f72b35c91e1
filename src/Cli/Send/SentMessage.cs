using System.Globalization;
using System.Text.Json;
using Channels.Cli.Api;
using Channels.Cli.Output;

namespace Channels.Cli.Send;

/// <summary>Follows a message until it is sent, has failed, or patience ends.</summary>
internal sealed class SentMessage(ApiClient api, Report report, TimeProvider clock)
{
    private static readonly TimeSpan _firstLook = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _longestLook = TimeSpan.FromSeconds(2);

    /// <summary>Tells how it ended.</summary>
    /// <returns>0 when it was sent, 1 when it failed, may have left, or waits still.</returns>
    public async Task<int> FollowAsync(string id, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        for (var look = _firstLook; ; look = TimeSpan.FromTicks(Math.Min(look.Ticks * 2, _longestLook.Ticks)))
        {
            var answer = api.Expect(await api.GetAsync($"/api/v1/messages/{id}", cancellationToken), body => body.Member("message").Text("status") is not null);
            var isOver = clock.GetElapsedTime(started) >= patience;
            if (answer is ApiAnswer.Done { Body: var placed })
            {
                var status = placed.Member("message").Text("status") ?? "unknown";
                if (isOver || status is "sent" or "delivered" or "read" or "failed" or "unknown")
                {
                    return Tell(id, status, placed, patience);
                }
            }
            else if (isOver || answer is ApiAnswer.Refused { Problem.MayPass: false })
            {
                // It is queued and committed; only the looking failed.
                report.Note($"Message {id} is queued; how it went on is not known.");
                return report.Failure(answer);
            }

            await Task.Delay(look, clock, cancellationToken);
        }
    }

    private int Tell(string id, string status, JsonElement placed, TimeSpan patience)
    {
        report.Document(placed);
        var message = placed.Member("message");
        var because = message.Text("reason") is { } reason ? $": {reason}" : "";
        switch (status)
        {
            case "sent" or "delivered" or "read":
                report.Line($"Message {id} is {status}{(message.IsTrue("possibly_duplicate") ? "; it may have reached the contact twice" : "")}.");
                return ExitCodes.Fine;
            case "failed":
                report.Line($"Message {id} has failed{because}");
                report.Line("  To do: mend what the reason names, then send it again under a new key.");
                return ExitCodes.Wrong;
            case "unknown":
                report.Line($"Message {id} may have left{because}");
                report.Line("  To do: look into the chat before you send it again; where the provider can say whether it has the message, it is asked.");
                return ExitCodes.Wrong;
            default:
                TellWaiting(id, status, message.Member("waiting"), placed.Member("queue"), patience);
                return ExitCodes.Wrong;
        }
    }

    private void TellWaiting(string id, string status, JsonElement waiting, JsonElement queue, TimeSpan patience)
    {
        report.Line(string.Create(CultureInfo.InvariantCulture, $"Message {id} is {status} after {patience.TotalSeconds:0} s; it is sent as soon as it can be."));
        if (queue.Text("last_error") is { } error)
        {
            report.Line($"  Tried {queue.Number("attempts")} times: {error}; next at {Report.Time(queue.Text("next_attempt_at"))}");
        }

        // A server from before 'waiting' tells only of what holds up all the account's messages.
        if ((waiting.ValueKind == JsonValueKind.Object ? waiting : queue.Member("hold")) is { ValueKind: JsonValueKind.Object } hold)
        {
            report.Line($"  Held up: {hold.Text("what")}{(hold.Text("since") is { } since ? $" Since {Report.Time(since)}." : "")}{(hold.Text("until") is { } until ? $" Until {Report.Time(until)}." : "")}");
            report.Line($"  To do: {hold.Text("next_step")}");
        }
    }
}
