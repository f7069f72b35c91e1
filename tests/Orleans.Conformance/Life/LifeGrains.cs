using Orleans;
using Orleans.Runtime;

namespace Channels.Orleans.Conformance.Life;

public interface ILiving : IGrainWithStringKey
{
    /// <summary>Another value for each activation.</summary>
    Task<int> ActivationAsync();

    Task LeaveAsync();

    Task LeaveWhileHeldAsync(string gate);

    Task ThrowAsync();
}

public sealed class LivingGrain(Stage stage) : Grain, ILiving
{
    private readonly int _activation = SharedHost.NewNumber();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        stage.Report($"{this.GetPrimaryKeyString()} activated");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        stage.Report($"{this.GetPrimaryKeyString()} deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task<int> ActivationAsync() => Task.FromResult(_activation);

    public Task LeaveAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task LeaveWhileHeldAsync(string gate)
    {
        DeactivateOnIdle();
        stage.Report($"{this.GetPrimaryKeyString()} {gate} in");
        await stage.Pass($"{this.GetPrimaryKeyString()} {gate}");
        stage.Report($"{this.GetPrimaryKeyString()} {gate} out");
    }

    public Task ThrowAsync() => throw new InvalidOperationException("synchronously");
}

public interface IFailing : IGrainWithStringKey
{
    Task<string> WorkAsync();
}

public interface IStrange : IGrainWithStringKey
{
    Task<string> WorkAsync();
}

/// <summary>Its key says what goes wrong with it.</summary>
public sealed class StrangeGrain(Stage stage) : Grain, IStrange
{
    private string? _colour;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _colour = RequestContext.Get("colour") as string;
        stage.Report($"{this.GetPrimaryKeyString()} activated");
        if (this.GetPrimaryKeyString().EndsWith("unknown trouble", StringComparison.Ordinal))
        {
            throw new Calls.UnknownTroubleException("cannot activate");
        }

        if (this.GetPrimaryKeyString().EndsWith("leaves at once", StringComparison.Ordinal))
        {
            DeactivateOnIdle();
        }

        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        stage.Report($"{this.GetPrimaryKeyString()} deactivated");
        throw new InvalidOperationException("cannot say good-bye");
    }

    public Task<string> WorkAsync()
    {
        DeactivateOnIdle();
        return Task.FromResult($"works {_colour}");
    }
}

/// <summary>Cannot activate until the test says so.</summary>
public sealed class FailingGrain(Stage stage) : Grain, IFailing
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        stage.Report($"{this.GetPrimaryKeyString()} tries");
        return stage.Saw($"{this.GetPrimaryKeyString()} mended") ? Task.CompletedTask : throw new InvalidOperationException("cannot activate");
    }

    public Task<string> WorkAsync() => Task.FromResult("works");
}

public interface IBroken : IGrainWithStringKey
{
    Task WorkAsync();
}

public sealed class BrokenGrain : Grain, IBroken
{
    public BrokenGrain() => throw new InvalidOperationException("cannot construct");

    public Task WorkAsync() => Task.CompletedTask;
}

public interface IKeyedByGuid : IGrainWithGuidKey
{
    Task<(Guid Key, string Id)> WhoAsync();
}

public sealed class KeyedByGuidGrain : Grain, IKeyedByGuid
{
    public Task<(Guid Key, string Id)> WhoAsync() => Task.FromResult((this.GetPrimaryKey(), this.GetGrainId().ToString()));
}

public interface IKeyedByInteger : IGrainWithIntegerKey
{
    Task<(long Key, string Id)> WhoAsync();
}

public sealed class KeyedByIntegerGrain : Grain, IKeyedByInteger
{
    public Task<(long Key, string Id)> WhoAsync() => Task.FromResult((this.GetPrimaryKeyLong(), this.GetGrainId().ToString()));
}

public interface IShape : IGrainWithStringKey
{
    Task WorkAsync();
}

public sealed class RoundGrain : Grain, IShape
{
    public Task WorkAsync() => Task.CompletedTask;
}

public sealed class SquareGrain : Grain, IShape
{
    public Task WorkAsync() => Task.CompletedTask;
}

public interface INobody : IGrainWithStringKey
{
    Task WorkAsync();
}

public interface ISleeper : IGrainWithStringKey
{
    Task<int> ActivationAsync();
}

public sealed class SleeperGrain(Stage stage) : Grain, ISleeper
{
    private readonly int _activation = SharedHost.NewNumber();

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        stage.Report($"{this.GetPrimaryKeyString()} deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task<int> ActivationAsync() => Task.FromResult(_activation);
}
