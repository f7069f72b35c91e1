using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Channels.Orleans.Conformance.Turns;

public interface IHolding : IGrainWithStringKey
{
    /// <summary>Reports "{name} in", waits for the gate, reports "{name} out".</summary>
    Task HoldAsync(string name);

    [AlwaysInterleave]
    Task HoldInterleavingAsync(string name);

    [ReadOnly]
    Task HoldReadingAsync(string name);

    [AlwaysInterleave]
    ValueTask<string> PingAsync();

    Task<bool> ComesBackAsync();
}

public sealed class HoldingGrain(Stage stage) : Grain, IHolding
{
    public Task HoldAsync(string name) => PassAsync(name);

    public Task HoldInterleavingAsync(string name) => PassAsync(name);

    public Task HoldReadingAsync(string name) => PassAsync(name);

    public ValueTask<string> PingAsync() => new("pong");

    public async Task<bool> ComesBackAsync()
    {
        var before = TaskScheduler.Current;
        await Task.Yield();
        var afterYield = TaskScheduler.Current;
        await Task.Run(() => { });
        return before != TaskScheduler.Default && before == afterYield && before == TaskScheduler.Current;
    }

    private async Task PassAsync(string name)
    {
        var key = this.GetPrimaryKeyString();
        stage.Report($"{key} {name} in");
        await stage.Pass($"{key} {name}");
        stage.Report($"{key} {name} out");
    }
}

public interface ITally : IGrainWithStringKey
{
    Task AddAsync();

    Task HoldAsync(string name);

    Task<int> SumAsync();
}

[Reentrant]
public sealed class ReentrantTallyGrain(Stage stage) : Grain, ITally
{
    private int _sum;

    public async Task AddAsync()
    {
        await Task.Yield();
        var read = _sum;
        Thread.SpinWait(20);
        _sum = read + 1;
    }

    public async Task HoldAsync(string name)
    {
        stage.Report($"{this.GetPrimaryKeyString()} {name} in");
        await stage.Pass($"{this.GetPrimaryKeyString()} {name}");
    }

    public Task<int> SumAsync() => Task.FromResult(_sum);
}

public interface ICircle : IGrainWithStringKey
{
    /// <summary>Calls <paramref name="other"/>, which calls back here.</summary>
    Task<string> GoRoundAsync(string other, bool allowed);

    Task<string> CallBackAsync(string first, bool allowed);

    Task<string> AnswerAsync();

    /// <summary>The same, for calls that are never answered.</summary>
    [ResponseTimeout("00:00:02")]
    Task<string> AnswerSoonAsync();

    Task<string> CallMyselfAsync();
}

public sealed class CircleGrain : Grain, ICircle
{
    public async Task<string> GoRoundAsync(string other, bool allowed)
    {
        using var section = allowed ? RequestContext.AllowCallChainReentrancy() : default;
        return await GrainFactory.GetGrain<ICircle>(other).CallBackAsync(this.GetPrimaryKeyString(), allowed);
    }

    public Task<string> CallBackAsync(string first, bool allowed) =>
        GrainFactory.GetGrain<ICircle>(first) is var asked && allowed ? asked.AnswerAsync() : asked.AnswerSoonAsync();

    public Task<string> AnswerAsync() => Task.FromResult("round");

    public Task<string> AnswerSoonAsync() => Task.FromResult("round");

    public Task<string> CallMyselfAsync() => GrainFactory.GetGrain<ICircle>(this.GetPrimaryKeyString()).AnswerSoonAsync();
}
