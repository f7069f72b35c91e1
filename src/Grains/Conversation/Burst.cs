using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Ids;

namespace Channels.Grains.Conversation;

/// <summary>Messages of one contact that are answered together, oldest first. Mostly it is one.</summary>
/// <remarks>
/// Pure: what belongs together follows from when the messages came, which their ids say. After a crash the same messages make the same burst.
/// </remarks>
/// <param name="Turns">The messages.</param>
/// <param name="ClosesAt">Until then another message may join.</param>
internal sealed record Burst(ImmutableArray<PendingTurn> Turns, DateTimeOffset ClosesAt)
{
    /// <summary>A burst ends after so many times the wait, however fast its messages follow one another.</summary>
    internal const int MostWaits = 3;

    /// <summary>More than this is no burst of short messages, and no agent wants it as one.</summary>
    private const int LongestText = 16_384;

    /// <summary>Nor is what comes with more than this besides: a burst is read from its table in one piece.</summary>
    private const int MostDetails = 131_072;

    /// <summary>Names the turn.</summary>
    public PendingTurn First => Turns[0];

    /// <summary>What is left of it to answer: without what its sender has taken back, unless that is all of it.</summary>
    public ImmutableArray<PendingTurn> Said => Turns.RemoveAll(turn => turn.Deleted) is { IsEmpty: false } left ? left : Turns;

    /// <summary>The newest message.</summary>
    public PendingTurn Last => Turns[^1];

    /// <summary>The burst that is next. Those whose service has them together keep together, whatever the wait is by now.</summary>
    /// <param name="waiting">The conversation's unanswered messages, oldest first; at least one.</param>
    /// <param name="wait">How long to wait for another message; zero takes each by itself.</param>
    public static Burst Of(IEnumerable<PendingTurn> waiting, TimeSpan wait)
    {
        var turns = ImmutableArray.CreateBuilder<PendingTurn>();
        var (length, details) = (0, 0);
        var isOpen = wait > TimeSpan.Zero;
        foreach (var turn in waiting)
        {
            // Between those whose service has them together may lie one that became visible late: it is no end of theirs.
            if (turns.Count > 0 && turns[0].AnswerBy is { } limit)
            {
                if (turn.AnswerBy == limit)
                {
                    turns.Add(turn);
                }

                isOpen = false;
                continue;
            }

            length += turn.Text?.Length ?? 0;
            details += turn.DetailsJson?.Length ?? 0;
            if (turns.Count > 0 && !(isOpen && length <= LongestText && details <= MostDetails && Joins(turns, turn, wait)))
            {
                isOpen = false;
                break;
            }

            turns.Add(turn);
        }

        var last = CameAt(turns[^1]) + wait;
        var most = CameAt(turns[0]) + (MostWaits * wait);
        return new Burst(turns.ToImmutable(), !isOpen ? DateTimeOffset.MinValue : last < most ? last : most);
    }

    /// <summary>How much longer to wait for another message; null when it is over.</summary>
    public TimeSpan? WaitAt(DateTimeOffset now, TimeSpan wait)
    {
        // Much more than a whole wait is only left when the clock was set back: ids are not. A little more may be where another machine's clock is ahead.
        var left = ClosesAt - now;
        return left > TimeSpan.Zero && left <= 2 * wait ? left : null;
    }

    /// <summary>How much longer to wait for the files of its messages that are still being fetched; null when none is waited for.</summary>
    public TimeSpan? FileWaitAt(DateTimeOffset now, TimeSpan wait)
    {
        var until = Turns.Max(turn => turn.File?.WaitUntil);

        // As above: much more than a whole wait is left when the clock was set back, or the wait made shorter.
        return until - now is { } left && left > TimeSpan.Zero && left <= 2 * wait ? left : null;
    }

    private static bool Joins(ImmutableArray<PendingTurn>.Builder turns, PendingTurn turn, TimeSpan wait) =>
        turn.AnswerBy is null
        && turn.SenderName == turns[0].SenderName
        && CameAt(turn) - CameAt(turns[^1]) <= wait
        && CameAt(turn) - CameAt(turns[0]) <= MostWaits * wait;

    private static DateTimeOffset CameAt(PendingTurn turn) => IdSource.TimeOf(turn.Message.Value);
}
