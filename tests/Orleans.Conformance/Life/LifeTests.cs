using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Channels.Orleans.Conformance.Life;

[Collection(OnSharedHost.Name)]
public sealed class LifeTests(SharedHost host)
{
    private readonly string _key = SharedHost.NewKey();

    private ILiving Grain => host.Grains.GetGrain<ILiving>(_key);

    [Fact]
    public async Task Many_first_calls_make_one_activation()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(Grain.ActivationAsync)));

        Assert.Single(answers.Distinct());
        Assert.Equal(["activated"], host.Stage.SeenOf(_key));
    }

    [Fact]
    public async Task A_grain_that_leaves_is_made_anew_by_the_next_call()
    {
        var before = await Grain.ActivationAsync();
        await Grain.LeaveAsync();

        var after = await Grain.ActivationAsync();

        Assert.NotEqual(before, after);
        Assert.Equal(["activated", "deactivated ApplicationRequested", "activated"], host.Stage.SeenOf(_key));
    }

    [Fact]
    public async Task A_grain_leaves_only_after_its_running_call_and_the_waiting_ones_reach_its_successor()
    {
        var before = await Grain.ActivationAsync();
        var held = Grain.LeaveWhileHeldAsync("gate");
        await host.Stage.Reached($"{_key} gate in");
        var waiting = Grain.ActivationAsync();

        host.Stage.Open($"{_key} gate");
        await held;

        Assert.NotEqual(before, await waiting);
        Assert.Equal(["activated", "gate in", "gate out", "deactivated ApplicationRequested", "activated"], host.Stage.SeenOf(_key));
    }

    [Fact]
    public async Task A_failed_activation_fails_its_calls_and_the_next_call_tries_again()
    {
        var grain = host.Grains.GetGrain<IFailing>(_key);

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(grain.WorkAsync);
        host.Stage.Report($"{_key} mended");

        Assert.Equal("cannot activate", thrown.Message);
        Assert.Equal("works", await grain.WorkAsync());
        Assert.Equal(["tries", "mended", "tries"], host.Stage.SeenOf(_key));
    }

    [Fact]
    public async Task A_constructor_that_throws_fails_the_call()
    {
        var grain = host.Grains.GetGrain<IBroken>(_key);

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(grain.WorkAsync);

        Assert.Equal("cannot construct", thrown.InnerException?.Message);
    }

    [Fact]
    public async Task An_exception_without_a_serialiser_that_keeps_a_grain_from_activating_arrives_as_a_missing_codec() =>
        await Assert.ThrowsAsync<CodecNotFoundException>(() => host.Grains.GetGrain<IStrange>(_key + " unknown trouble").WorkAsync());

    [Fact]
    public async Task A_grain_that_leaves_whenever_it_comes_fails_its_calls_in_the_end()
    {
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => host.Grains.GetGrain<IStrange>(_key + " leaves at once").WorkAsync());

        Assert.DoesNotContain("deactivated", host.Stage.SeenOf($"{_key} leaves at once"));
    }

    [Fact]
    public async Task A_grain_that_cannot_say_good_bye_goes_all_the_same()
    {
        var grain = host.Grains.GetGrain<IStrange>(_key);
        await grain.WorkAsync();
        await grain.WorkAsync();

        Assert.Equal(["activated", "deactivated", "activated"], host.Stage.SeenOf(_key).Take(3));
    }

    [Fact]
    public async Task Activation_sees_the_request_context_of_the_first_call()
    {
        RequestContext.Set("colour", "blue");

        Assert.Equal("works blue", await host.Grains.GetGrain<IStrange>(_key).WorkAsync());

        RequestContext.Clear();
    }

    [Fact]
    public async Task Keys_are_written_into_identities_as_text()
    {
        var guid = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

        Assert.Equal((guid, "keyedbyguid/00112233445566778899aabbccddeeff"), await host.Grains.GetGrain<IKeyedByGuid>(guid).WhoAsync());
        Assert.Equal((-1, "keyedbyinteger/FFFFFFFFFFFFFFFF"), await host.Grains.GetGrain<IKeyedByInteger>(-1).WhoAsync());
        Assert.Equal((42, "keyedbyinteger/2A"), await host.Grains.GetGrain<IKeyedByInteger>(42).WhoAsync());
        Assert.Equal($"living/{_key}", Grain.GetGrainId().ToString());
        Assert.Equal(_key, Grain.GetPrimaryKeyString());
        Assert.Equal(guid, host.Grains.GetGrain<IKeyedByGuid>(guid).GetPrimaryKey());
    }

    [Fact]
    public void An_interface_with_two_classes_is_refused() =>
        Assert.Throws<ArgumentException>(() => host.Grains.GetGrain<IShape>(_key));

    [Fact]
    public void An_interface_without_a_class_is_refused() =>
        Assert.Throws<ArgumentException>(() => host.Grains.GetGrain<INobody>(_key));

    [Fact]
    public void References_to_the_same_grain_are_equal()
    {
        Assert.Equal(Grain, Grain);
        Assert.NotEqual(Grain, host.Grains.GetGrain<ILiving>(_key + "other"));
    }

    [Fact]
    public async Task A_reference_can_be_made_of_an_identity()
    {
        var same = host.Grains.GetGrain<ILiving>(Grain.GetGrainId());

        Assert.Equal(await Grain.ActivationAsync(), await same.ActivationAsync());
    }
}
