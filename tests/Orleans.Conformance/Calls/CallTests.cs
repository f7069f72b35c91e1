using Orleans.Runtime;

namespace Channels.Orleans.Conformance.Calls;

[Collection(OnSharedHost.Name)]
public sealed class CallTests(SharedHost host)
{
    private readonly string _key = SharedHost.NewKey();

    private ICalled Grain => host.Grains.GetGrain<ICalled>(_key);

    [Fact]
    public async Task Values_of_a_closed_family_cross_in_both_directions()
    {
        var yes = new Answer.Yes("because", [1, 2, 3]);
        var no = new Answer.No(DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(3), Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), [1, 2], new("https://example.test/x"));

        var yesBack = Assert.IsType<Answer.Yes>(await Grain.EchoAsync(yes));
        var noBack = Assert.IsType<Answer.No>(await Grain.EchoAsync(no));

        Assert.Equal("because", yesBack.Why);
        Assert.Equal(yes.Numbers, yesBack.Numbers.AsEnumerable());
        Assert.Equal(no.Body, noBack.Body);
        Assert.Equal((no.At, no.Wait, no.Id, no.Link), (noBack.At, noBack.Wait, noBack.Id, noBack.Link));
    }

    [Fact]
    public async Task Value_tasks_work_like_tasks()
    {
        await Grain.NothingAsync();

        Assert.Equal(5, await Grain.AddAsync(5, null));
        Assert.Equal(7, await Grain.AddAsync(5, 2));
    }

    [Fact]
    public async Task A_caller_that_waited_too_long_gets_a_timeout_and_the_callee_goes_on()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => Grain.ShortAsync("slow"));

        host.Stage.Open($"{_key} slow");
        await host.Stage.Reached($"{_key} slow out");
    }

    [Fact]
    public async Task A_call_that_timed_out_in_the_queue_is_never_run()
    {
        using var stop = new CancellationTokenSource();
        var busy = Grain.HoldAsync("busy", stop.Token);
        await host.Stage.Reached($"{_key} busy in");
        await Assert.ThrowsAsync<TimeoutException>(() => Grain.ShortAsync("late"));

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => busy);
        await Grain.NothingAsync();

        Assert.False(host.Stage.Saw($"{_key} late in"));
    }

    [Fact]
    public async Task A_token_that_is_cancelled_reaches_the_callee_and_frees_the_caller()
    {
        using var stop = new CancellationTokenSource();
        var call = Grain.HoldAsync("held", stop.Token);
        await host.Stage.Reached($"{_key} held in");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await host.Stage.Reached($"{_key} held cancelled");
    }

    [Fact]
    public async Task Cancellation_is_heard_in_a_turn_of_the_callee()
    {
        using var stop = new CancellationTokenSource();
        var call = Grain.HearsCancellationInATurnAsync(stop.Token);
        await host.Stage.Reached($"{_key} listens");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await host.Stage.Reached($"{_key} heard in a turn");
    }

    [Fact]
    public async Task A_token_cancelled_before_the_call_fails_the_call()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Grain.HoldAsync("never", stop.Token));
    }

    [Fact]
    public async Task The_request_context_travels_with_the_call_and_on()
    {
        RequestContext.Set("colour", "green");

        Assert.Equal("green", await Grain.ContextAsync("colour"));
        Assert.Equal("green", await Grain.ContextOfAsync(_key + "other", "colour"));

        RequestContext.Clear();
        Assert.Null(await Grain.ContextAsync("colour"));
    }

    [Fact]
    public async Task The_request_context_never_travels_back()
    {
        await Grain.SetContextAsync("colour", "red");

        Assert.Null(RequestContext.Get("colour"));
        Assert.Null(await Grain.ContextAsync("colour"));
    }

    [Fact]
    public async Task Nothing_else_that_is_ambient_travels()
    {
        CalledGrain.Ambient.Value = 5;

        Assert.Equal(0, await Grain.AmbientAsync());
    }

    [Fact]
    public void The_request_context_can_be_read_changed_and_emptied()
    {
        RequestContext.Set("one", 1);
        RequestContext.Set("two", 2);

        Assert.Equal(2, RequestContext.Get("two"));
        Assert.True(RequestContext.Remove("one"));
        Assert.False(RequestContext.Remove("one"));
        Assert.Null(RequestContext.Get("one"));
        RequestContext.Clear();
        Assert.Null(RequestContext.Get("two"));
    }
}
