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

    // How many of the waiting might overtake: while it is zero only the first in line is worth a look.
    private int _overtakers;

    public bool IsIdle => _running.Count == 0;

    public bool IsEmpty => IsIdle && _waiting.Count == 0;

    public Request? FirstWaiting => _waiting.First;

    /// <summary>The call chains that may come back, once for each section that is open for them.</summary>
    public List<Guid>? OpenChains { get; set; }

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
        _blocking ??= request.AlwaysInterleaves ? null : request;
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
        _blocking = _blocking == request ? null : _blocking;
    }

    public List<Request> TakeWaiting()
    {
        var taken = _waiting.ToList();
        taken.ForEach(Leave);
        return taken;
    }

    /// <summary>Everything here that somebody still waits for. What waits here for nobody is dropped on the way.</summary>
    public List<Request> Outstanding()
    {
        _waiting.ToList().FindAll(request => request.IsSettled).ForEach(Leave);
        return [.. _running.ToList(), .. _waiting.ToList()];
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
        || (OpenChains is not null && OpenChains.Contains(RequestContext.IdIn(request.Context)));
}
