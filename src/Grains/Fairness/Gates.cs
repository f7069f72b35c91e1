using Channels.Core.Inbox;

namespace Channels.Grains.Fairness;

/// <summary>How much one process does at once, whatever waits.</summary>
internal sealed class Gates(IInboxPressure pressure, TimeProvider clock)
{
    /// <summary>What part of the time draining may go on for tenants whose webhooks come faster than this process can both take and drain them. What it leaves undone it makes up for when they pause.</summary>
    private const double ShareUnderPressure = 0.1;

    /// <summary>Accounts being drained. Each holds at most a megabyte of webhooks.</summary>
    public FairGate Drains { get; } = new(24, pressure.IsMadeBy, ShareUnderPressure, clock);

    /// <summary>Agents being awaited.</summary>
    public FairGate Turns { get; } = new(512);
}
