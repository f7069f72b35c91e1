using Orleans.Serialization;

namespace Channels.Orleans.Conformance.Calls;

[Collection(OnSharedHost.Name)]
public sealed class ExceptionTests(SharedHost host)
{
    private readonly string _key = SharedHost.NewKey();

    private ICalled Grain => host.Grains.GetGrain<ICalled>(_key);

    [Fact]
    public async Task Exceptions_of_the_system_arrive_as_they_are()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => Grain.ThrowAsync("system"));

        Assert.Equal("from inside", thrown.Message);
    }

    [Fact]
    public async Task Exceptions_with_a_serialiser_arrive_with_their_members()
    {
        var thrown = await Assert.ThrowsAsync<KnownTroubleException>(() => Grain.ThrowAsync("known"));

        Assert.Equal(("known", 7), (thrown.Message, thrown.Number));
    }

    [Fact]
    public async Task Other_exceptions_arrive_as_a_missing_codec()
    {
        var thrown = await Assert.ThrowsAsync<CodecNotFoundException>(() => Grain.ThrowAsync("unknown"));

        Assert.Contains(nameof(UnknownTroubleException), thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_inner_exception_without_a_serialiser_spoils_the_outer_one() =>
        await Assert.ThrowsAsync<CodecNotFoundException>(() => Grain.ThrowAsync("inner"));

    [Fact]
    public async Task A_cancellation_inside_the_grain_arrives_as_one() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Grain.ThrowAsync("cancelled"));

    [Fact]
    public async Task A_method_that_throws_does_not_end_the_activation()
    {
        var activation = host.Grains.GetGrain<Life.ILiving>(_key);
        var before = await activation.ActivationAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(activation.ThrowAsync);

        Assert.Equal(before, await activation.ActivationAsync());
    }
}
