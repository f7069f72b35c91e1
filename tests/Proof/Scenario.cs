using Channels.Proof.Ledgers;
using Channels.Proof.Scenarios;

namespace Channels.Proof;

/// <summary>One way of hurting the product, and what it promises to keep meanwhile.</summary>
/// <remarks>Sets up processes of its own and takes them down again. Throws when something could not be waited for; that counts as broken.</remarks>
internal abstract class Scenario
{
    /// <summary>In the order they are run. What needs several processes is part of the cluster build alone.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new Crashes(), new Restarts(), new Interleaving(), new Repetitions(), new Poison(), new StoreOutages(), new BrownOuts(), new AgentTrouble(), new ClockJumps(),
        new NoisyNeighbour(), new FloodCrashes(), new ColdStart(), new Recovery(),
        .. Product.IsClusterBuild ? [new SiloLosses()] : Array.Empty<Scenario>(),
    ];

    /// <summary>As it is asked for.</summary>
    public abstract string Name { get; }

    /// <summary>What is done, and what holds, in one sentence.</summary>
    public abstract string Promise { get; }

    public abstract Task<Verdict> RunAsync(Course course);
}
