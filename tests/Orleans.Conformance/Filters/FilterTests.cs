using Orleans;

namespace Channels.Orleans.Conformance.Filters;

/// <summary>Reports every call by interface and method.</summary>
public sealed class NotingFilter(Stage stage) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        stage.Report($"filter {context.TargetId} {context.InterfaceName}.{context.MethodName}");
        if (context.TargetId.ToString().StartsWith("filtered/", StringComparison.Ordinal))
        {
            stage.Report($"{context.TargetId} called by {context.SourceId?.ToString()}");
        }

        await context.Invoke();
    }
}

public interface IFiltered : IGrainWithStringKey
{
    Task<string> SayAsync(string text);

    Task<string> SayThroughAsync(string other, string text);

    Task RefuseAsync();
}

public sealed class FilteredGrain(Stage stage) : Grain, IFiltered, IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (NotSupportedException refused)
        {
            stage.Report($"{context.TargetId} caught {refused.Message}");
            throw new InvalidOperationException("translated");
        }

        if (context.Result is string said)
        {
            context.Result = said + "!";
        }
    }

    public Task<string> SayAsync(string text) => Task.FromResult(text);

    public Task<string> SayThroughAsync(string other, string text) => GrainFactory.GetGrain<IFiltered>(other).SayAsync(text);

    public Task RefuseAsync() => throw new NotSupportedException("no");
}

[Collection(OnSharedHost.Name)]
public sealed class FilterTests(SharedHost host)
{
    private readonly string _key = SharedHost.NewKey();

    private IFiltered Grain => host.Grains.GetGrain<IFiltered>(_key);

    [Fact]
    public async Task A_filter_sees_the_call_and_the_grains_own_filter_may_change_the_answer()
    {
        var answer = await Grain.SayAsync("hello");

        Assert.Equal("hello!", answer);
        Assert.True(host.Stage.Saw($"filter filtered/{_key} Channels.Orleans.Conformance.Filters.IFiltered.SayAsync"));
    }

    [Fact]
    public async Task A_filter_knows_the_calling_grain()
    {
        var other = SharedHost.NewKey();

        await host.Grains.GetGrain<IFiltered>(other).SayThroughAsync(_key, "hello");

        Assert.True(host.Stage.Saw($"filtered/{_key} called by filtered/{other}"));
    }

    [Fact]
    public async Task A_filter_may_translate_what_the_grain_throws()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(Grain.RefuseAsync);

        Assert.Equal("translated", thrown.Message);
        Assert.True(host.Stage.Saw($"filtered/{_key} caught no"));
    }
}
