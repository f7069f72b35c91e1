using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Channels.Orleans.Conformance.State;

[Collection(OnSharedHost.Name)]
public sealed class StateTests(SharedHost host)
{
    private readonly string _key = SharedHost.NewKey();

    private IPurse Grain => host.Grains.GetGrain<IPurse>(_key);

    [Fact]
    public async Task A_new_state_is_empty_and_has_no_record()
    {
        var record = await Grain.ReadAsync();

        Assert.Equal((0, false, false), (record.Coins, record.Exists, record.HasVersion));
    }

    [Fact]
    public async Task A_written_state_outlives_its_activation()
    {
        var written = await Grain.PutAsync(5);
        await Grain.LeaveAsync();

        var read = await Grain.ReadAsync();

        Assert.Equal((5, true, true), (read.Coins, read.Exists, read.HasVersion));
        Assert.NotEqual(written.Activation, read.Activation);
    }

    [Fact]
    public async Task A_cleared_state_is_empty_and_can_be_written_again()
    {
        await Grain.PutAsync(5);

        var cleared = await Grain.ClearAsync();
        var again = await Grain.PutAsync(6);

        Assert.Equal((0, false), (cleared.Coins, cleared.Exists));
        Assert.Equal((6, true), (again.Coins, again.Exists));
    }

    [Fact]
    public async Task Clearing_what_was_never_written_does_nothing()
    {
        var cleared = await Grain.ClearAsync();

        Assert.Equal((0, false), (cleared.Coins, cleared.Exists));
        Assert.Equal(3, (await Grain.PutAsync(3)).Coins);
    }

    [Fact]
    public async Task Writes_asked_for_at_once_all_succeed_and_the_last_value_stays()
    {
        var written = await Grain.PutManyAsync(10);
        await Grain.LeaveAsync();

        Assert.Equal(10, written.Coins);
        Assert.Equal(10, (await Grain.ReadAsync()).Coins);
    }

    [Fact]
    public async Task A_conflict_that_escapes_ends_the_activation_and_the_next_one_reads_anew()
    {
        var before = await Grain.PutAsync(1);
        await WriteBehindItsBackAsync(50);

        await Assert.ThrowsAsync<InconsistentStateException>(() => Grain.PutAsync(2));

        var after = await Grain.ReadAsync();
        Assert.Equal((50, true), (after.Coins, after.Exists));
        Assert.NotEqual(before.Activation, after.Activation);
    }

    [Fact]
    public async Task A_conflict_that_the_grain_catches_leaves_it_as_it_is()
    {
        var before = await Grain.PutAsync(1);
        await WriteBehindItsBackAsync(50);

        await Grain.PutCatchingAsync(2);

        var after = await Grain.ReadAsync();
        Assert.Equal((2, before.Activation), (after.Coins, after.Activation));
    }

    [Fact]
    public async Task A_storage_that_fails_is_wrapped()
    {
        var thrown = await Assert.ThrowsAsync<OrleansException>(() => host.Grains.GetGrain<IUnlucky>(_key).WriteAsync());

        Assert.IsType<InvalidDataException>(thrown.InnerException);
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_keeps_the_grain_from_activating()
    {
        var thrown = await Assert.ThrowsAsync<OrleansException>(() => host.Grains.GetGrain<IUnlucky>(_key + " unreadable").WriteAsync());

        Assert.IsType<InvalidDataException>(thrown.InnerException);
    }

    private async Task WriteBehindItsBackAsync(int coins)
    {
        var storage = host.Services.GetKeyedService<IGrainStorage>("Default") ?? host.Services.GetRequiredService<IGrainStorage>();
        var row = new Row();
        await storage.ReadStateAsync("purse", Grain.GetGrainId(), row);
        row.State = new() { Coins = coins };
        await storage.WriteStateAsync("purse", Grain.GetGrainId(), row);
    }

    private sealed class Row : IGrainState<Purse>
    {
        public Purse? State { get; set; }

        public string? ETag { get; set; }

        public bool RecordExists { get; set; }
    }
}
