using Channels.Api.Ingress;

namespace Channels.Api.Tests.Ingress;

public sealed class BodyRoomTests
{
    private readonly BodyRoom _room = new(1 << 20);

    [Fact]
    public void A_body_that_grows_takes_only_what_is_new_and_gives_all_of_it_back()
    {
        using (var place = _room.Enter())
        {
            Assert.True(place.TryGrowTo(1_000));
            Assert.True(place.TryGrowTo(1_500));
            Assert.Equal(1_500, _room.Taken);
        }

        Assert.Equal(0, _room.Taken);
    }

    [Fact]
    public void One_that_finds_no_room_keeps_what_it_has_until_it_goes()
    {
        using var place = _room.Enter();
        Assert.True(place.TryGrowTo(500_000));

        Assert.False(place.TryGrowTo(600_000));

        Assert.Equal(500_000, _room.Taken);
    }

    [Fact]
    public void Small_ones_fill_all_of_it_and_large_ones_half()
    {
        using var large = _room.Enter();
        Assert.False(large.TryGrowTo((512 << 10) + 1));
        Assert.True(large.TryGrowTo(512 << 10));
        var small = Enumerable.Range(0, 9).Select(_ => _room.Enter()).ToList();

        Assert.Equal([.. Enumerable.Repeat(true, 8), false], small.Select(place => place.TryGrowTo(64 << 10)));

        small.ForEach(place => place.Dispose());
    }
}
