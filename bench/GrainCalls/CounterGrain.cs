using Orleans;

namespace Channels.GrainCalls;

/// <summary>The least a grain can do: what is measured is the call.</summary>
public interface ICounter : IGrainWithStringKey
{
    /// <summary>Answers without waiting for anything.</summary>
    Task<int> AddAsync(int by);

    /// <summary>Answers in a later turn.</summary>
    Task<int> AddLaterAsync(int by);
}

/// <summary>Counts.</summary>
public sealed class CounterGrain : Grain, ICounter
{
    private int _sum;

    /// <inheritdoc/>
    public Task<int> AddAsync(int by) => Task.FromResult(_sum += by);

    /// <inheritdoc/>
    public async Task<int> AddLaterAsync(int by)
    {
        await Task.Yield();
        return _sum += by;
    }
}
