using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>Makes the persistent state that a constructor asks for.</summary>
internal static class PersistentState
{
    /// <summary>What a state gets that names no storage. Orleans uses the same name.</summary>
    public const string DefaultStorage = "Default";

    public static IStorage Create(Activation activation, PersistentStateAttribute wanted, Type type)
    {
        var storage = activation.Catalog.Services.GetKeyedService<IGrainStorage>(wanted.StorageName ?? DefaultStorage)
            ?? throw new InvalidOperationException(
                $"{activation.Class.Type} wants storage '{wanted.StorageName ?? DefaultStorage}' for '{wanted.StateName}', and there is none of that name.");
        return (IStorage)Activator.CreateInstance(typeof(PersistentState<>).MakeGenericType(type), wanted.StateName, activation.GrainId, storage)!;
    }
}

/// <summary>One record and its copy in memory. Operations run one after the other.</summary>
/// <remarks>
/// Writes that are asked for while another operation runs become one: the last value in memory is what matters. That write
/// starts in a later turn, so everything a turn changes after asking is still in it.
/// </remarks>
internal sealed class PersistentState<TState>(string name, GrainId grain, IGrainStorage storage) : IPersistentState<TState>, IGrainState<TState>
{
    private Task _last = Task.CompletedTask;
    private Task? _nextWrite;
    private bool _loaded;

    [AllowNull]
    public TState State { get; set; } = Activator.CreateInstance<TState>();

    public string? ETag { get; set; }

    public bool RecordExists { get; set; }

    string? IStorage.Etag => ETag;

    bool IStorage.RecordExists => _loaded ? RecordExists : throw new InvalidOperationException($"State '{name}' has not been read yet.");

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public Task ReadStateAsync(CancellationToken cancellationToken) => Enqueue("read", async () =>
    {
        await storage.ReadStateAsync(name, grain, this, cancellationToken);
        _loaded = true;
    });

    public Task WriteStateAsync(CancellationToken cancellationToken)
    {
        // A write that its caller may call off cannot stand in for others.
        if (cancellationToken.CanBeCanceled)
        {
            return Enqueue("written", () => storage.WriteStateAsync(name, grain, this, cancellationToken));
        }

        return _nextWrite ??= Enqueue("written", () =>
        {
            _nextWrite = null;
            return storage.WriteStateAsync(name, grain, this, cancellationToken);
        });
    }

    public Task ClearStateAsync(CancellationToken cancellationToken) =>
        Enqueue("cleared", () => storage.ClearStateAsync(name, grain, this, cancellationToken));

    private Task Enqueue(string what, Func<Task> operation) => _last = RunAsync(_last, what, operation);

    private async Task RunAsync(Task before, string what, Func<Task> operation)
    {
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        try
        {
            await operation();
        }
        catch (Exception failure) when (failure is not (OrleansException or OperationCanceledException))
        {
            throw new OrleansException($"State '{name}' of {grain} could not be {what}: {failure.Message}", failure);
        }
    }
}
