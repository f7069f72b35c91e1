using Channels.Core.Fairness;
using Channels.Core.Inbox;

namespace Channels.Grains.Fairness;

/// <summary>How much one process does at once, whatever waits.</summary>
internal sealed class Gates(IInboxPressure pressure, DrainShare share, TimeProvider clock)
{
    private const int Places = 24;

    /// <summary>Webhooks read at once: the most that one account holds in memory.</summary>
    private const int Rows = 128;

    /// <summary>The same while others are about: what is read at once goes through all that follows in one go, and the others' next message waits behind it.</summary>
    private const int RowsBesideOthers = 8;

    /// <summary>Accounts in one round of rations while others are about: half of the processors stay free for them, and a wait for one is short.</summary>
    private static readonly int PlacesBesideOthers = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Accounts being drained. Each holds at most a megabyte of webhooks.</summary>
    public FairGate Drains { get; } = new(Places, pressure.IsRationed, share.UnderPressure, clock)
    {
        // Before a rest as many as there are, so that together they fill their transactions; but few beside others.
        PlacesInRound = () => Math.Min(pressure.MustRest ? Places : pressure.Room, pressure.OthersAreAbout ? PlacesBesideOthers : Places),
        Rests = () => pressure.MustRest,
    };

    /// <summary>Agents being awaited. One that hangs keeps its place for its whole time, and cannot be made to give it back: the others' places must be free before that.</summary>
    public FairGate Turns { get; } = new(512) { LeavesRoom = true };

    /// <summary>How many webhooks of one account may be read at once.</summary>
    public int RowsAtOnce => pressure.OthersAreAbout ? RowsBesideOthers : Rows;
}
