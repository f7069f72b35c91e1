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

    /// <summary>What came along from the caller; null for nothing.</summary>
    public virtual Dictionary<string, object>? Context => null;

    /// <summary>Nobody waits for the outcome any more.</summary>
    public abstract bool IsSettled { get; }

    /// <summary>Runs in a turn of the activation.</summary>
    public abstract Task InvokeAsync(Activation activation);

    /// <summary>Tells whoever waits what came of it.</summary>
    public virtual void Answer(Task outcome)
    {
    }

    /// <summary>Tells whoever waits that it failed, will not run, or that they waited long enough.</summary>
    public virtual void Fail(Exception reason)
    {
    }

    /// <summary>Gives up when its time is over.</summary>
    public virtual void Expire(long now)
    {
    }
}
