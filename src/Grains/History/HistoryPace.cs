using Channels.Core.Connectors;
using Channels.Core.History;

namespace Channels.Grains.History;

/// <summary>What follows from a page, or from none. Pure.</summary>
internal static class HistoryPace
{
    /// <summary>Messages asked for at once. A page goes through the inbox like a webhook, and is no larger than a large one.</summary>
    public const int PageSize = 100;

    /// <summary>Between two pages, so that neither the gateway nor the account notices.</summary>
    public static readonly TimeSpan BetweenPages = TimeSpan.FromMilliseconds(500);

    /// <summary>Until the account has worked off what it has: what people write now comes first.</summary>
    public static readonly TimeSpan BehindLiveTraffic = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan _longestRetry = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(5);

    /// <summary>Whatever a gateway asks for: more than weeks no timer takes.</summary>
    private static readonly TimeSpan _longestWish = TimeSpan.FromHours(1);

    /// <summary>After so many attempts in a row that brought nothing it is over: some hours.</summary>
    private const int MostFailures = 60;

    /// <summary>How many messages the next page may have.</summary>
    public static int Wanted(HistoryImport import) => (int)Math.Min(PageSize, (import.Most ?? long.MaxValue) - import.Read);

    /// <summary>The import after an attempt, and how long to wait before the next.</summary>
    public static (HistoryImport Import, TimeSpan Wait) After(HistoryImport import, HistoryOutcome outcome, DateTimeOffset now)
    {
        switch (outcome)
        {
            case HistoryOutcome.Page page:
                var read = import.Read + page.Messages;
                var isOver = page.Cursor is null || (import.Most is { } most && read >= most);
                var moved = import with { Read = read, Cursor = page.Cursor, Failures = 0, Reason = null, NextStep = null, UpdatedAt = now };
                return (isOver ? moved with { State = HistoryImportState.Done, EndedAt = now } : moved, BetweenPages);
            case HistoryOutcome.TryLater when import.Failures + 1 >= MostFailures:
                return (Ended(import, $"the provider did not answer {MostFailures} times in a row", "See to the gateway, then start the import again: what is here already is not doubled.", now), TimeSpan.Zero);
            case HistoryOutcome.TryLater later:
                var waiting = import with { Failures = import.Failures + 1, Reason = later.Reason, NextStep = "Nothing: it is tried again by itself.", UpdatedAt = now };
                return (waiting, Max(Min(later.After, _longestWish), Min(_firstRetry * Math.Pow(2, Math.Min(import.Failures, 10)), _longestRetry)));
            case HistoryOutcome.Refused refused:
                return (Ended(import, refused.Reason, refused.NextStep, now), TimeSpan.Zero);
            default:
                throw new ArgumentOutOfRangeException(nameof(outcome), outcome.GetType().Name, null);
        }
    }

    private static HistoryImport Ended(HistoryImport import, string reason, string nextStep, DateTimeOffset now) =>
        import with { State = HistoryImportState.Failed, Failures = import.Failures + 1, Reason = reason, NextStep = nextStep, UpdatedAt = now, EndedAt = now };

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
