using System.Collections.Concurrent;
using Channels.Core.Ids;

namespace Channels.Core.Fairness;

/// <summary>Lets a bounded number in at once; who waits is let in by tenant in turn, so that one tenant's thousand waiting accounts delay another's first by one.</summary>
/// <remarks>
/// Shared by all grains of a process. Who waits holds no message: its work is still in the database.
/// Tenants on rations have places of their own, open in rounds: everybody in, everybody out, and where there must be a rest one in proportion to what the round took.
/// </remarks>
public sealed class FairGate
{
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(2);

    private const int NoRound = -1;

    private readonly int _places;
    private readonly double _restPerWork;
    private readonly Func<TenantId, bool> _isRationed;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<TenantId, Queue<Waiting>> _waiting = [];
    private readonly Queue<TenantId> _turns = new();
    private readonly GoingOn _goingOn = new();
    private readonly Dictionary<TenantId, int> _held = [];
    private int _inside;
    private int _round;
    private long _roundStarted;
    private int _enteredRound;
    private int _insideRound;
    private int _stragglers;
    private bool _resting;

    /// <summary>Nobody is on rations.</summary>
    public FairGate(int places)
        : this(places, _ => false, 1, TimeProvider.System)
    {
    }

    /// <summary>Some are on rations.</summary>
    /// <param name="places">How many are inside at once; as many again of those on rations.</param>
    /// <param name="isRationed">Asked when a place is free.</param>
    /// <param name="share">For those on rations: work over work and rest.</param>
    /// <param name="clock">Measures work and rest.</param>
    public FairGate(int places, Func<TenantId, bool> isRationed, double share, TimeProvider clock)
    {
        _places = places;
        _isRationed = isRationed;
        _restPerWork = (1 / share) - 1;
        _clock = clock;
    }

    /// <summary>How many of those on rations are in one round; as many as there are places unless said otherwise. Asked when somebody wants in.</summary>
    public Func<int>? PlacesInRound { get; init; }

    /// <summary>A rest is waited for in steps of so much, and is a whole number of them.</summary>
    public TimeSpan Step { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether a rest follows the round that ends now; always unless said otherwise.</summary>
    public Func<bool>? Rests { get; init; }

    /// <summary>
    /// Whether a tenant may take no more places than it leaves free, also while nobody else wants one: for work that may hang. Of eight places the first gets
    /// four, the second two of the rest, and so on. Not of places in rounds.
    /// </summary>
    public bool LeavesRoom { get; init; }

    /// <summary>Whether any of this tenant's wait for a place.</summary>
    public bool HasWaiting(TenantId tenant)
    {
        lock (_gate)
        {
            return _waiting.ContainsKey(tenant);
        }
    }

    /// <summary>Waits for a place, and gives it back when disposed. Nobody goes in before those of its tenant who wait.</summary>
    public async ValueTask<Place> EnterAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var rationed = _isRationed(tenant);
        Waiting waiting;
        lock (_gate)
        {
            var hasRoom = HasRoom(tenant, rationed);
            if (hasRoom && !_waiting.ContainsKey(tenant))
            {
                return Enter(tenant, rationed);
            }

            waiting = new Waiting(_goingOn);
            if (!_waiting.TryGetValue(tenant, out var queue))
            {
                _waiting[tenant] = queue = new Queue<Waiting>();
                _turns.Enqueue(tenant);
            }

            queue.Enqueue(waiting);
            if (hasRoom)
            {
                // It is no longer on rations, or there is more room than when its tenant's others came: they have not been let in yet, and come first.
                LetIn();
            }
        }

        await using (cancellationToken.UnsafeRegister(static waiting => ((Waiting)waiting!).GiveUp(), waiting))
        {
            return await waiting.Place;
        }
    }

    private bool HasPlaces => _inside < _places;

    // One at least, however many hang in earlier rounds.
    private bool HasPlacesInRound => !_resting && _enteredRound < Math.Max(1, (PlacesInRound?.Invoke() ?? _places) - _stragglers);

    private bool HasRoom(TenantId tenant, bool rationed) =>
        rationed ? HasPlacesInRound : HasPlaces && (!LeavesRoom || _held.GetValueOrDefault(tenant) < _places - _inside);

    private Place Enter(TenantId tenant, bool rationed)
    {
        if (!rationed)
        {
            _inside++;
            Hold(tenant, 1);
            return new Place(this, NoRound, tenant);
        }

        _insideRound++;
        if (_enteredRound++ == 0)
        {
            _roundStarted = _clock.GetTimestamp();
            var round = _round;
            OnPool(() => WatchAsync(round));
        }

        return new Place(this, _round, tenant);
    }

    private void Hold(TenantId tenant, int change)
    {
        if (!LeavesRoom)
        {
            return;
        }

        var held = _held.GetValueOrDefault(tenant) + change;
        if (held == 0)
        {
            _held.Remove(tenant);
        }
        else
        {
            _held[tenant] = held;
        }
    }

    private void Leave(int round, TenantId tenant)
    {
        lock (_gate)
        {
            if (round == NoRound)
            {
                _inside--;
                Hold(tenant, -1);
            }
            else if (round != _round)
            {
                _stragglers--;
            }
            else if (--_insideRound == 0)
            {
                EndRound();
            }

            LetIn();
        }
    }

    // One turn each for the tenants who wait, until there is no room for any of them.
    private void LetIn()
    {
        // Asked first: with thousands of tenants waiting, going round all of them for every place that is taken again would cost more than the places.
        for (var passed = 0; passed < _turns.Count && (HasPlaces || HasPlacesInRound);)
        {
            var tenant = _turns.Dequeue();
            var queue = _waiting[tenant];
            var rationed = _isRationed(tenant);
            if (!HasRoom(tenant, rationed))
            {
                _turns.Enqueue(tenant);
                passed++;
                continue;
            }

            passed = 0;
            var waiting = queue.Dequeue();
            if (queue.Count > 0)
            {
                _turns.Enqueue(tenant);
            }
            else
            {
                _waiting.Remove(tenant);
            }

            // False when its caller gave up waiting meanwhile: the place goes on to the next.
            if (!waiting.TryLetIn(Enter(tenant, rationed)))
            {
                Undo(tenant, rationed);
            }
        }
    }

    private void Undo(TenantId tenant, bool rationed)
    {
        if (rationed)
        {
            _insideRound--;
            _enteredRound--;
        }
        else
        {
            _inside--;
            Hold(tenant, -1);
        }
    }

    // Who is still inside keeps a place of the rounds to come.
    private void EndRound()
    {
        var rest = _clock.GetElapsedTime(_roundStarted) * _restPerWork;
        var started = _clock.GetTimestamp();
        _stragglers += _insideRound;
        (_insideRound, _enteredRound) = (0, 0);
        _round++;
        _resting = Rests?.Invoke() ?? true;
        if (_resting)
        {
            OnPool(() => RestAsync(started, rest));
        }
    }

    // One who hangs must not keep all others out.
    private async Task WatchAsync(int round)
    {
        await Task.Delay(LongestRound, _clock);
        lock (_gate)
        {
            if (round == _round && _insideRound > 0)
            {
                EndRound();
                LetIn();
            }
        }
    }

    // Rounds and rests are everybody's: they must not wait for the turns of the grain that happened to begin or end them.
    private static void OnPool(Func<Task> work) =>
        _ = Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private async Task RestAsync(long started, TimeSpan rest)
    {
        while (_clock.GetElapsedTime(started) is var rested && rested < rest && rested < LongestRest && (Rests?.Invoke() ?? true))
        {
            await Task.Delay(Step, _clock);
            lock (_gate)
            {
                // Who no longer makes pressure need not wait for the end of a rest.
                LetIn();
            }
        }

        lock (_gate)
        {
            _resting = false;
            LetIn();
        }
    }

    /// <summary>A place inside.</summary>
    public readonly struct Place(FairGate gate, int round, TenantId tenant) : IDisposable
    {
        /// <summary>Gives it to whoever's turn it is.</summary>
        public void Dispose() => gate.Leave(round, tenant);
    }

    /// <summary>One who waits: let in, or gone before that.</summary>
    private sealed class Waiting(GoingOn goingOn)
    {
        private readonly TaskCompletionSource<Place> _goesOn = new();
        private Place? _place;
        private int _isDecided;

        public Task<Place> Place => _goesOn.Task;

        /// <summary>False when it has gone.</summary>
        public bool TryLetIn(Place place) => TryDecide(place);

        public void GiveUp() => TryDecide(null);

        public void GoOn()
        {
            if (_place is { } place)
            {
                _goesOn.SetResult(place);
            }
            else
            {
                _goesOn.SetCanceled();
            }
        }

        private bool TryDecide(Place? place)
        {
            if (Interlocked.Exchange(ref _isDecided, 1) == 1)
            {
                return false;
            }

            _place = place;
            goingOn.Add(this);
            return true;
        }
    }

    /// <summary>Those who were let in, or gave up, go on in that order, one after the other, up to what they await next.</summary>
    /// <remarks>
    /// What a thread of the pool merely completes it takes up itself, the last first: a whole round would go on in reverse.
    /// On the pool's common queue, each for itself, it would keep all processors busy at once, and whatever is not of this round would wait behind it.
    /// </remarks>
    private sealed class GoingOn : IThreadPoolWorkItem
    {
        private const int Helping = 8;

        private readonly ConcurrentQueue<Waiting> _queue = new();
        private int _isQueued;

        public void Add(Waiting waiting)
        {
            _queue.Enqueue(waiting);
            Queue();
        }

        public void Execute()
        {
            for (var taken = 0; taken < Helping && _queue.TryDequeue(out var waiting); taken++)
            {
                waiting.GoOn();
            }

            Volatile.Write(ref _isQueued, 0);
            Interlocked.MemoryBarrier();
            if (!_queue.IsEmpty)
            {
                Queue();
            }
        }

        private void Queue()
        {
            if (Interlocked.Exchange(ref _isQueued, 1) == 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }
        }
    }
}
