using Channels.Core.Fairness;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Grains.Fairness;

namespace Channels.Grains.Tests.Fairness;

public sealed class GatesTests : IInboxPressure
{
    private static readonly TenantId Heavy = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly TenantId Light = new(new Guid(2, 0, 0, new byte[8]));

    private readonly Gates _gates;

    public GatesTests() => _gates = new Gates(this, new DrainShare(1), TimeProvider.System);

    public bool OthersAreAbout { get; private set; }

    public int Room => 24;

    public bool MustRest => false;

    public bool IsMadeBy(TenantId tenant) => tenant == Heavy;

    public bool IsRationed(TenantId tenant) => tenant == Heavy;

    [Fact]
    public void Alone_all_places_are_for_one_who_sends_much()
    {
        Assert.Equal(24, Inside(Heavy));
        Assert.Equal(128, _gates.RowsAtOnce);
    }

    [Fact]
    public void Beside_others_who_sends_much_has_a_place_for_every_two_processors_and_they_have_all_of_theirs()
    {
        OthersAreAbout = true;

        Assert.Equal(Math.Max(1, Environment.ProcessorCount / 2), Inside(Heavy));
        Assert.Equal(24, Inside(Light));
        Assert.Equal(8, _gates.RowsAtOnce);
    }

    [Fact]
    public void However_many_agents_of_one_tenant_hang_anothers_is_asked_at_once()
    {
        var hanging = Enumerable.Range(0, 600).Select(_ => _gates.Turns.EnterAsync(Heavy, default).AsTask()).ToList();

        Assert.Equal(256, hanging.Count(place => place.IsCompletedSuccessfully));
        Assert.True(_gates.Turns.EnterAsync(Light, default).AsTask().IsCompletedSuccessfully);
    }

    // Of thirty who come at once.
    private int Inside(TenantId tenant) =>
        Enumerable.Range(0, 30).Select(_ => _gates.Drains.EnterAsync(tenant, default).AsTask()).ToList().Count(place => place.IsCompletedSuccessfully);
}
