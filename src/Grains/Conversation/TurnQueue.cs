using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Ids;

namespace Channels.Grains.Conversation;

/// <summary>A conversation's unanswered turns in memory, and whether they are all there are.</summary>
/// <remarks>The table is the truth. When in doubt, or when more wait than memory should hold, the queue says that it must be read again.</remarks>
internal sealed class TurnQueue
{
    private const int Most = 32;

    /// <summary>Characters of texts and details; the last turn may go beyond them.</summary>
    private const int MostCharacters = 1_048_576;

    private readonly SortedDictionary<Guid, PendingTurn> _turns = [];

    // Earlier turns may lie in the table.
    private bool _unsure = true;

    // Later turns lie in the table: those in memory come first.
    private bool _more;

    // Nothing has been taken since the table was read.
    private bool _isAsRead;

    /// <summary>Whether the table must be read before the next turn is taken.</summary>
    public bool MustLoad => _unsure || (_more && _turns.Count == 0);

    /// <summary>Whether no turn is in memory.</summary>
    public bool IsEmpty => _turns.Count == 0;

    /// <summary>The turns in memory, oldest first.</summary>
    public IEnumerable<PendingTurn> Turns => _turns.Values;

    /// <summary>Whether the table may have what comes right behind this turn, and would tell if it were read now.</summary>
    public bool EndsAt(PendingTurn turn) => _more && !_isAsRead && _turns.Keys.LastOrDefault() == turn.Message.Value;

    /// <summary>Turns a caller brings: later than all it brought before.</summary>
    public void Offer(ImmutableArray<PendingTurn> turns, bool complete)
    {
        if (turns.IsEmpty || !complete)
        {
            _unsure = true;
        }

        foreach (var turn in turns)
        {
            if (_more || _turns.Count >= Most || _turns.Values.Sum(CharactersOf) >= MostCharacters)
            {
                _more = true;
                return;
            }

            _turns[turn.Message.Value] = turn;
        }
    }

    /// <summary>A read of the table begins: what callers bring from now on is kept beside what it finds.</summary>
    public void BeginLoad()
    {
        _unsure = false;
        _more = false;
        _turns.Clear();
    }

    /// <summary>What the table had, and whether it may have more behind the first of them.</summary>
    public void EndLoad(ImmutableArray<PendingTurn> found, bool hasMore)
    {
        _isAsRead = true;
        found = hasMore ? UpToGap(found) : found;
        foreach (var turn in found)
        {
            _turns[turn.Message.Value] = turn;
        }

        // A full page may have successors; what callers brought meanwhile could lie behind them.
        if (hasMore)
        {
            var last = found[^1].Message.Value;
            foreach (var later in _turns.Keys.Where(id => id.CompareTo(last) > 0).ToList())
            {
                _turns.Remove(later);
            }

            _more = true;
        }
    }

    /// <summary>Turns that wait for their service's answer, as they are now.</summary>
    public void Replace(IEnumerable<PendingTurn> turns)
    {
        foreach (var turn in turns)
        {
            _turns[turn.Message.Value] = turn;
        }
    }

    /// <summary>Turns are ended.</summary>
    public void Remove(IEnumerable<PendingTurn> turns)
    {
        _isAsRead = false;
        foreach (var turn in turns)
        {
            _turns.Remove(turn.Message.Value);
        }
    }

    /// <summary>What is in memory may be outdated: the table must be read.</summary>
    public void Doubt() => _unsure = true;

    // What its service has already is waited behind: what comes meanwhile must be seen, it may ask for a person.
    private static long CharactersOf(PendingTurn turn) => turn.AnswerBy is not null ? 0 : (turn.Text?.Length ?? 0) + (turn.DetailsJson?.Length ?? 0);

    // Those that a service has come with a page whatever is left out before them. In memory the first of them would seem to be next.
    private static ImmutableArray<PendingTurn> UpToGap(ImmutableArray<PendingTurn> found)
    {
        for (var i = 1; i < found.Length; i++)
        {
            if (found[i].AnswerBy is not null && found[i - 1].AnswerBy is null)
            {
                return found[..i];
            }
        }

        return found;
    }
}
