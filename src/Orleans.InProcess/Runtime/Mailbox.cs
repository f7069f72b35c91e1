namespace Orleans.Runtime;

/// <summary>Which requests of one activation wait, which run, and which may start now.</summary>
/// <remarks>
/// Every member is called under the activation's lock. The request that holds the grain is <see cref="_blocking"/>: the
/// first that was started without the right to interleave. A later one may start when nothing blocks, both are read-only,
/// the class is reentrant, or it belongs to a call chain whose section is open here.
/// </remarks>
internal sealed class Mailbox(bool reentrant)
{
    private RequestList _waiting;
    private RequestList _running;
    private Request? _blocking;
    private Dictionary<Guid, int>? _openChains;

    // How many of the waiting might overtake: while it is zero only the first in line is worth a look.
    private int _overtakers;

    public int Running => _running.Count;

    public bool IsEmpty => _running.Count == 0 && _waiting.Count == 0;

    public Request? FirstWaiting => _waiting.First;

    public void Wait(Request request)
    {
        _waiting.Add(request);
        _overtakers += MayOvertake(request) ? 1 : 0;
    }

    /// <summary>Starts the request if it may; otherwise leaves it as it was.</summary>
    public bool TryStart(Request request)
    {
        if (!MayStart(request))
        {
            return false;
        }

        _running.Add(request);
        if (_blocking is null && !request.AlwaysInterleaves)
        {
            _blocking = request;
        }

        return true;
    }

    /// <summary>The next waiting request that may start now, already counted as running.</summary>
    public Request? StartNext()
    {
        for (Request? request = _waiting.First, next; request is not null; request = next)
        {
            next = request.Next;
            if (request.IsSettled)
            {
                Leave(request);
            }
            else if (MayStart(request))
            {
                Leave(request);
                TryStart(request);
                return request;
            }
            else if (_overtakers == 0)
            {
                return null;
            }
        }

        return null;
    }

    public void Finish(Request request)
    {
        _running.Remove(request);
        if (_blocking == request)
        {
            _blocking = null;
        }
    }

    public List<Request> TakeWaiting()
    {
        var taken = new List<Request>(_waiting.Count);
        while (_waiting.First is { } request)
        {
            Leave(request);
            taken.Add(request);
        }

        return taken;
    }

    /// <summary>Everything here that somebody still waits for. What waits here for nobody is dropped on the way.</summary>
    public List<Request> Outstanding()
    {
        var outstanding = new List<Request>(_running.Count + _waiting.Count);
        for (var request = _running.First; request is not null; request = request.Next)
        {
            outstanding.Add(request);
        }

        for (Request? request = _waiting.First, next; request is not null; request = next)
        {
            next = request.Next;
            if (request.IsSettled)
            {
                Leave(request);
            }
            else
            {
                outstanding.Add(request);
            }
        }

        return outstanding;
    }

    public void OpenChain(Guid chain) => (_openChains ??= [])[chain] = _openChains.GetValueOrDefault(chain) + 1;

    public void CloseChain(Guid chain)
    {
        if (_openChains is not null && _openChains.TryGetValue(chain, out var open) && (_openChains[chain] = open - 1) == 0)
        {
            _openChains.Remove(chain);
        }
    }

    private static bool MayOvertake(Request request) => request.AlwaysInterleaves || request.ReadsOnly || request.Context is not null;

    private void Leave(Request request)
    {
        _waiting.Remove(request);
        _overtakers -= MayOvertake(request) ? 1 : 0;
    }

    private bool MayStart(Request request) =>
        _blocking is null
        || reentrant
        || request.AlwaysInterleaves
        || (request.ReadsOnly && _blocking.ReadsOnly)
        || (_openChains is not null && request.Chain is var chain && chain != Guid.Empty && _openChains.ContainsKey(chain));
}
