namespace Orleans.Runtime;

/// <summary>Something that waits in a mailbox for its turn: a call or a timer's tick.</summary>
/// <remarks>Linked into one list at a time (waiting or running) by the fields below, which the mailbox's lock guards.</remarks>
internal abstract class Request
{
    public Request? Previous;
    public Request? Next;

    /// <summary>How often it was handed on from an activation that went before serving it.</summary>
    public int Forwards { get; set; }

    /// <summary>May start whatever else runs.</summary>
    public abstract bool AlwaysInterleaves { get; }

    /// <summary>May run beside others of its sort.</summary>
    public virtual bool ReadsOnly => false;

    /// <summary>Whether serving it counts as use, so that idle collection waits.</summary>
    public virtual bool KeepsAlive => true;

    /// <summary>Whether the mailbox may hand it to a later activation of the same grain.</summary>
    public virtual bool OutlivesActivation => true;

    /// <summary>What came along from the caller; null for nothing.</summary>
    public Dictionary<string, object>? Context { get; protected init; }

    /// <summary>The call chain it belongs to, if that may re-enter.</summary>
    public Guid Chain => RequestContext.IdIn(Context);

    /// <summary>Nobody waits for the outcome any more.</summary>
    public abstract bool IsSettled { get; }

    /// <summary>Runs in a turn of the activation.</summary>
    public abstract Task InvokeAsync(Activation activation);

    /// <summary>Tells whoever waits how it ended.</summary>
    public abstract void Settle(Activation activation, Task outcome);

    /// <summary>Tells whoever waits that it will not run, or that they waited long enough.</summary>
    public abstract void Fail(Exception reason);

    /// <summary>Gives up when its time is over.</summary>
    public virtual void Expire(long now)
    {
    }
}

/// <summary>A list of requests, linked through themselves.</summary>
internal struct RequestList
{
    public Request? First;
    public Request? Last;
    public int Count;

    public void Add(Request request)
    {
        (request.Previous, request.Next) = (Last, null);
        _ = Last is null ? First = request : Last.Next = request;
        Last = request;
        Count++;
    }

    public void Remove(Request request)
    {
        _ = request.Previous is null ? First = request.Next : request.Previous.Next = request.Next;
        _ = request.Next is null ? Last = request.Previous : request.Next.Previous = request.Previous;
        (request.Previous, request.Next) = (null, null);
        Count--;
    }
}
