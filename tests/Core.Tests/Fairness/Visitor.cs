using Channels.Core.Ids;
using Channels.Core.Fairness;

namespace Channels.Core.Tests.Fairness;

/// <summary>One who goes to a gate, and is inside or waits.</summary>
internal sealed class Visitor
{
    private readonly Task<FairGate.Place> _place;

    private Visitor(Task<FairGate.Place> place) => _place = place;

    /// <summary>Whether it was let in. For who finds room this is true as soon as they come.</summary>
    public bool IsInside => _place.IsCompletedSuccessfully;

    public static TenantId Tenant(int number) => new(new Guid(number, 0, 0, new byte[8]));

    public static Visitor At(FairGate gate, TenantId tenant, CancellationToken patience = default) => new(gate.EnterAsync(tenant, patience).AsTask());

    /// <summary>Its entering, or a complaint that it is not let in.</summary>
    public Task EnteredAsync() => _place.WaitAsync(TimeSpan.FromSeconds(20));

    public async Task LeaveAsync() => (await _place.WaitAsync(TimeSpan.FromSeconds(20))).Dispose();
}
