using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Channels.Orleans.Conformance.State;

[GenerateSerializer, Alias("Channels.Conformance.Purse")]
public sealed class Purse
{
    [Id(0)]
    public int Coins { get; set; }
}

/// <summary>What a grain knows of its record.</summary>
[GenerateSerializer, Immutable, Alias("Channels.Conformance.PurseRecord")]
public sealed record PurseRecord(int Coins, bool Exists, bool HasVersion, int Activation);

public interface IPurse : IGrainWithStringKey
{
    Task<PurseRecord> ReadAsync();

    Task<PurseRecord> PutAsync(int coins);

    Task<PurseRecord> PutCatchingAsync(int coins);

    Task<PurseRecord> PutManyAsync(int times);

    Task<PurseRecord> ClearAsync();

    Task LeaveAsync();
}

public sealed class PurseGrain([PersistentState("purse")] IPersistentState<Purse> purse) : Grain, IPurse
{
    private readonly int _activation = SharedHost.NewNumber();
    private int _coinsAtActivation = -1;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _coinsAtActivation = purse.State.Coins;
        return Task.CompletedTask;
    }

    public Task<PurseRecord> ReadAsync() => Task.FromResult(Record());

    public async Task<PurseRecord> PutAsync(int coins)
    {
        purse.State.Coins = coins;
        await purse.WriteStateAsync();
        return Record();
    }

    public async Task<PurseRecord> PutCatchingAsync(int coins)
    {
        try
        {
            return await PutAsync(coins);
        }
        catch (InconsistentStateException)
        {
            return Record();
        }
    }

    public async Task<PurseRecord> PutManyAsync(int times)
    {
        var writes = new List<Task>();
        for (var time = 1; time <= times; time++)
        {
            purse.State.Coins = time;
            writes.Add(purse.WriteStateAsync());
        }

        await Task.WhenAll(writes);
        return Record();
    }

    public async Task<PurseRecord> ClearAsync()
    {
        await purse.ClearStateAsync();
        return Record();
    }

    public Task LeaveAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private PurseRecord Record()
    {
        Assert.NotEqual(-1, _coinsAtActivation);
        return new(purse.State.Coins, purse.RecordExists, purse.Etag is not null, _activation);
    }
}

/// <summary>A storage that reads nothing and fails to write; the key decides whether reading fails as well.</summary>
public sealed class FaultyStorage : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        grainId.ToString().EndsWith("unreadable", StringComparison.Ordinal) ? throw new InvalidDataException("cannot read") : Task.CompletedTask;

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new InvalidDataException("cannot write");

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
}

public interface IUnlucky : IGrainWithStringKey
{
    Task WriteAsync();
}

public sealed class UnluckyGrain([PersistentState("unlucky", "faulty")] IPersistentState<Purse> purse) : Grain, IUnlucky
{
    public Task WriteAsync() => purse.WriteStateAsync();
}
