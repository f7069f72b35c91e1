using System.Collections.Concurrent;

namespace Channels.Orleans.Conformance;

/// <summary>What test and grains share: signals to wait for, gates to hold grains at, and a log of what happened in which order.</summary>
/// <remarks>Names are made unique by the grain's key, so tests can share a host.</remarks>
public sealed class Stage
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _reached = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentQueue<string> _log = new();

    /// <summary>Completes once somebody reported the name; says what was reported if nobody does.</summary>
    public async Task Reached(string name)
    {
        try
        {
            await Signal(_reached, name).Task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Nobody reported '{name}'. Reported: {string.Join(", ", _log)}.");
        }
    }

    public void Report(string name)
    {
        _log.Enqueue(name);
        Signal(_reached, name).TrySetResult();
    }

    /// <summary>Waits until the gate is opened.</summary>
    public Task Pass(string gate) => Signal(_gates, gate).Task.WaitAsync(Patience);

    public void Open(string gate) => Signal(_gates, gate).TrySetResult();

    public bool Saw(string name) => _log.Contains(name);

    public IReadOnlyList<string> SeenOf(string key) => [.. _log.Where(entry => entry.StartsWith(key + " ", StringComparison.Ordinal)).Select(entry => entry[(key.Length + 1)..])];

    private static TaskCompletionSource Signal(ConcurrentDictionary<string, TaskCompletionSource> signals, string name) =>
        signals.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
