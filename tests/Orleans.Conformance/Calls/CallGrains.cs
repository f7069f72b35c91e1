using System.Collections.Immutable;
using Orleans;
using Orleans.Runtime;

namespace Channels.Orleans.Conformance.Calls;

/// <summary>An answer in several shapes, as the product's closed families are.</summary>
[GenerateSerializer, Immutable, Alias("Channels.Conformance.Answer")]
public abstract record Answer
{
    [GenerateSerializer, Immutable, Alias("Channels.Conformance.Answer.Yes")]
    public sealed record Yes(string Why, ImmutableArray<int> Numbers) : Answer;

    [GenerateSerializer, Immutable, Alias("Channels.Conformance.Answer.No")]
    public sealed record No(DateTimeOffset At, TimeSpan? Wait, Guid Id, byte[] Body, Uri Link) : Answer;
}

[GenerateSerializer, Alias("Channels.Conformance.KnownTrouble")]
public sealed class KnownTroubleException(string message, int number) : Exception(message)
{
    [Id(0)]
    public int Number { get; } = number;
}

public sealed class UnknownTroubleException(string message) : Exception(message);

public interface ICalled : IGrainWithStringKey
{
    Task<Answer> EchoAsync(Answer answer);

    ValueTask<long> AddAsync(long one, int? other);

    ValueTask NothingAsync();

    [ResponseTimeout("00:00:01")]
    Task ShortAsync(string name);

    Task HoldAsync(string name, CancellationToken cancellationToken);

    Task ThrowAsync(string kind);

    Task<string?> ContextAsync(string name);

    Task<string?> ContextOfAsync(string other, string name);

    Task SetContextAsync(string name, string value);

    Task<int> AmbientAsync();

    Task<bool> HearsCancellationInATurnAsync(CancellationToken cancellationToken);
}

public sealed class CalledGrain(Stage stage) : Grain, ICalled
{
    public static readonly AsyncLocal<int> Ambient = new();

    public Task<Answer> EchoAsync(Answer answer) => Task.FromResult(answer);

    public ValueTask<long> AddAsync(long one, int? other) => new(one + (other ?? 0));

    public ValueTask NothingAsync() => default;

    public async Task ShortAsync(string name)
    {
        stage.Report($"{this.GetPrimaryKeyString()} {name} in");
        await stage.Pass($"{this.GetPrimaryKeyString()} {name}");
        stage.Report($"{this.GetPrimaryKeyString()} {name} out");
    }

    public async Task HoldAsync(string name, CancellationToken cancellationToken)
    {
        stage.Report($"{this.GetPrimaryKeyString()} {name} in");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            stage.Report($"{this.GetPrimaryKeyString()} {name} cancelled");
        }
    }

    public async Task ThrowAsync(string kind)
    {
        await Task.Yield();
        throw kind switch
        {
            "system" => new InvalidOperationException("from inside"),
            "known" => new KnownTroubleException("known", 7),
            "unknown" => new UnknownTroubleException("unknown"),
            "inner" => new InvalidOperationException("outer", new UnknownTroubleException("inner")),
            "cancelled" => new OperationCanceledException("cancelled inside"),
            _ => new ArgumentException("what?", nameof(kind)),
        };
    }

    public Task<string?> ContextAsync(string name) => Task.FromResult(RequestContext.Get(name) as string);

    public Task<string?> ContextOfAsync(string other, string name) => GrainFactory.GetGrain<ICalled>(other).ContextAsync(name);

    public Task SetContextAsync(string name, string value)
    {
        RequestContext.Set(name, value);
        return Task.CompletedTask;
    }

    public Task<int> AmbientAsync() => Task.FromResult(Ambient.Value);

    public async Task<bool> HearsCancellationInATurnAsync(CancellationToken cancellationToken)
    {
        var turns = TaskScheduler.Current;
        var heard = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.UnsafeRegister(_ =>
        {
            stage.Report($"{this.GetPrimaryKeyString()} heard {(TaskScheduler.Current == turns ? "in a turn" : "elsewhere")}");
            heard.TrySetResult(true);
        }, null);
        stage.Report($"{this.GetPrimaryKeyString()} listens");
        return await heard.Task;
    }
}
