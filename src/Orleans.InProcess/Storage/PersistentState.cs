using Microsoft.Extensions.DependencyInjection;
using Orleans.Core;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>State that activation must read before the grain may work.</summary>
internal interface IStoredState
{
    Task LoadAsync(CancellationToken cancellationToken);
}

/// <summary>Makes the persistent state that a constructor asks for.</summary>
internal static class PersistentState
{
    /// <summary>What a state gets that names no storage. Orleans uses the same name.</summary>
    public const string DefaultStorage = "Default";

    public static object Create(Activation activation, PersistentStateAttribute wanted, Type type)
    {
        var storage = activation.Catalog.Services.GetKeyedService<IGrainStorage>(wanted.StorageName ?? DefaultStorage)
            ?? throw new InvalidOperationException(
                $"{activation.Class.Type} wants storage '{wanted.StorageName ?? DefaultStorage}' for '{wanted.StateName}', and there is none of that name.");
        var state = Activator.CreateInstance(typeof(PersistentState<>).MakeGenericType(type), wanted.StateName, activation.GrainId, storage)!;
        (activation.States ??= []).Add((IStoredState)state);
        return state;
    }
}

/// <summary>One record and its copy in memory. Operations run one after the other.</summary>
/// <remarks>
/// Writes that are asked for while another operation runs become one: the last value in memory is what matters. That write
/// starts in a later turn, so everything a turn changes after asking is still in it.
/// </remarks>
internal sealed class PersistentState<TState>(string name, GrainId grain, IGrainStorage storage)
    : IPersistentState<TState>, IGrainState<TState>, IStoredState
{
    private Task _last = Task.CompletedTask;
    private Task? _nextWrite;
    private bool _loaded;
    private bool _recordExists;

    public TState State { get; set; } = Activator.CreateInstance<TState>();

    public string? Etag { get; private set; }

    public bool RecordExists => _loaded ? _recordExists : throw new InvalidOperationException($"State '{name}' has not been read yet.");

    TState? IGrainState<TState>.State
    {
        get => State;
        set => State = value!;
    }

    string? IGrainState<TState>.ETag
    {
        get => Etag;
        set => Etag = value;
    }

    bool IGrainState<TState>.RecordExists
    {
        get => _recordExists;
        set => _recordExists = value;
    }

    public Task LoadAsync(CancellationToken cancellationToken) => ReadStateAsync(cancellationToken);

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

    private Task Enqueue(string what, Func<Task> operation)
    {
        var running = RunAsync(_last, what, operation);
        _last = running;
        return running;
    }

    private async Task RunAsync(Task before, string what, Func<Task> operation)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
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
