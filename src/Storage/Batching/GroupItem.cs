using System.Diagnostics;
using Channels.Core.Ids;

namespace Channels.Storage.Batching;

/// <summary>One caller's share of a transaction.</summary>
internal abstract class GroupItem(TenantId tenant)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whose turn it takes.</summary>
    public TenantId Tenant { get; } = tenant;

    /// <summary>Since when its caller waits, in the stopwatch's timestamps.</summary>
    public long Since { get; init; } = Stopwatch.GetTimestamp();

    /// <summary>Begins a transaction at once beside one under way, with items of its like.</summary>
    public virtual bool IsPrompt => false;

    /// <summary>Roughly what it weighs.</summary>
    public virtual long Bytes => 256;

    /// <summary>Completes when it is committed or has failed, or when its caller is to wait no longer.</summary>
    public Task Done => _done.Task;

    /// <summary>It is committed.</summary>
    public void Succeed() => _done.TrySetResult();

    /// <summary>It is not, or nobody knows. Nothing more becomes of it here.</summary>
    public void Fail(Exception failure)
    {
        OnFailed();
        _done.TrySetException(failure);
    }

    /// <summary>Its caller waits no longer. It may still be committed, or fail.</summary>
    public void GiveUp(Exception failure) => _done.TrySetException(failure);

    /// <summary>It has failed, whether or not its caller still waits.</summary>
    protected virtual void OnFailed()
    {
    }
}
