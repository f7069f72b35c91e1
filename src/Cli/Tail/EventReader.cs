using System.Globalization;
using System.Text.Json;
using Channels.Cli.Api;
using Channels.Cli.Output;

namespace Channels.Cli.Tail;

/// <summary>Follows the events with the cursor the server gives: none is skipped unsaid, and none is printed twice unless the store was restored from a backup.</summary>
internal sealed class EventReader(ApiClient api, Report report, Surroundings here, EventFilter filter)
{
    /// <summary>In the place of a cursor: what happens from now on.</summary>
    public const string Now = "now";

    private const int PageSize = 1000;
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private string? _cursor;

    /// <summary>Reads until cancelled, or, with <paramref name="once"/>, until there is nothing more.</summary>
    /// <param name="after">Begin behind this cursor, or <see cref="Now"/>; null for the oldest that is kept.</param>
    /// <param name="once">End where nothing more waits.</param>
    /// <param name="cancellationToken">Ctrl-C: a good end.</param>
    public async Task<int> FollowAsync(string? after, bool once, CancellationToken cancellationToken)
    {
        _cursor = after;
        try
        {
            return await ReadAsync(once, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (_cursor is not (null or Now))
            {
                report.Note($"To go on from here: --since {_cursor}");
            }

            return ExitCodes.Fine;
        }
    }

    private async Task<int> ReadAsync(bool once, CancellationToken cancellationToken)
    {
        var broken = 0;
        for (var hasAnswered = false; ;)
        {
            var answer = api.Expect(
                await api.GetAsync($"/api/v1/events?limit={PageSize}{(_cursor is null ? "" : $"&after={Uri.EscapeDataString(_cursor)}")}", cancellationToken), body => body.HasItems("events"));
            if (answer is ApiAnswer.Refused { Problem: { Code: "events_gone" } missed } && _cursor is not null && missed.Cursor != _cursor)
            {
                // Said, and on with what there is: whoever follows along is better served with the rest than with an end. Whatever was broken, more was skipped than nothing.
                // A server of the version before gives no cursor: there it begins anew.
                report.Missed(missed, "Going on with what is kept.");
                (_cursor, hasAnswered, broken) = (missed.Cursor, true, 0);
                continue;
            }

            if (answer is not ApiAnswer.Done { Body: var page })
            {
                if (once || !hasAnswered || answer is ApiAnswer.Refused { Problem: { MayPass: false, Status: < 500 } })
                {
                    return report.Failure(answer);
                }

                await PauseAsync(answer, ++broken, cancellationToken);
                continue;
            }

            if (broken > 0)
            {
                report.Note("Connected again; nothing was skipped.");
            }

            (hasAnswered, broken) = (true, 0);
            var more = page.IsTrue("more");
            Print(page);
            if (here.Written is { IsBroken: true })
            {
                // Nobody reads any more (| head), or nothing can be kept of it: how it ends is decided where all commands end.
                return ExitCodes.Fine;
            }

            _cursor = page.Text("cursor") ?? _cursor;
            if (!more)
            {
                if (once)
                {
                    return ExitCodes.Fine;
                }

                await Task.Delay(_look, here.Clock, cancellationToken);
            }
        }
    }

    private void Print(JsonElement page)
    {
        foreach (var happened in page.Items("events").Where(filter.Takes))
        {
            report.Document(happened);
            report.Line(string.Join(' ', new[]
            {
                Report.Time(happened.Text("created_at")), happened.Text("type"), Named("channel", happened.Text("channel_id")), Named("conversation", happened.Text("conversation_id")),
                Named("message", happened.Text("message_id")), happened.Member("data") is { ValueKind: JsonValueKind.Object } data ? data.GetRawText() : null,
            }.Where(part => part is not null)));
        }
    }

    private static string? Named(string name, string? id) => id is null ? null : $"{name}={id}";

    private async Task PauseAsync(ApiAnswer answer, int broken, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromTicks(Math.Min(TimeSpan.FromSeconds(Math.Pow(2, Math.Min(broken - 1, 10))).Ticks, _longestPause.Ticks));
        var why = answer switch
        {
            ApiAnswer.Refused { Problem: var problem } => $"{problem.Title}.",
            ApiAnswer.Unreachable { Reason: var reason } => reason,
            _ => "",
        };
        report.Note(string.Create(CultureInfo.InvariantCulture, $"{why} Going on from the same place in {pause.TotalSeconds:0} s."));
        await Task.Delay(pause, here.Clock, cancellationToken);
    }
}
