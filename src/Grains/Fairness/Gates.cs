using Channels.Core.Inbox;

namespace Channels.Grains.Fairness;

/// <summary>How much one process does at once, whatever waits.</summary>
internal sealed class Gates(IInboxPressure pressure, DrainShare share, TimeProvider clock)
{
    /// <summary>Accounts being drained. Each holds at most a megabyte of webhooks.</summary>
    public FairGate Drains { get; } = new(24, pressure.IsMadeBy, share.UnderPressure, clock);

    /// <summary>Agents being awaited.</summary>
    public FairGate Turns { get; } = new(512);
}
