using System.Diagnostics;
using Channels.Core;

namespace Channels.Storage.Batching;

/// <summary>Answers who has waited too long for a transaction, whatever becomes of it: a server that hangs says neither yes nor no.</summary>
/// <remarks>
/// One look in a tenth of the time at all who wait, instead of a timer for each. What still waits for its transaction is taken out of the queue, and is not committed
/// any more; what is in a transaction may be, later: whoever repeats it must find it known. So nothing piles up behind what hangs.
/// </remarks>
internal sealed class AnswerWatch<TItem> : IAsyncDisposable
    where TItem : GroupItem
{
    private readonly long _within;
    private readonly Func<Func<TItem, bool>, IReadOnlyList<TItem>> _takeOut;
    private readonly Lock _gate = new();
    private readonly HashSet<List<TItem>> _underWay = [];
    private readonly Timer _looks;

    /// <summary>Begins to look.</summary>
    /// <param name="within">By when everybody has an answer.</param>
    /// <param name="takeOut">Takes out of the queue those of whom this holds.</param>
    public AnswerWatch(TimeSpan within, Func<Func<TItem, bool>, IReadOnlyList<TItem>> takeOut)
    {
        var look = within / 10;

        // Who would be late at the next look is answered at this one.
        _within = (long)((within - look).TotalSeconds * Stopwatch.Frequency);
        _takeOut = takeOut;
        _looks = new Timer(_ => Look(), null, look, look);
    }

    /// <summary>These are in a transaction from now on.</summary>
    public void Begun(List<TItem> batch)
    {
        lock (_gate)
        {
            _underWay.Add(batch);
        }
    }

    /// <summary>They all know what became of them. Only then may the list be changed.</summary>
    public void Ended(List<TItem> batch)
    {
        lock (_gate)
        {
            _underWay.Remove(batch);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _looks.DisposeAsync();

    private void Look()
    {
        var late = Stopwatch.GetTimestamp() - _within;
        var unanswered = new StoreUnavailableException("The store did not answer in time.", new TimeoutException());
        foreach (var item in _takeOut(item => item.Since <= late))
        {
            item.Fail(unanswered);
        }

        lock (_gate)
        {
            foreach (var item in _underWay.SelectMany(batch => batch).Where(item => item.Since <= late))
            {
                item.GiveUp(unanswered);
            }
        }
    }
}
