namespace Channels.Proof.Ledgers;

/// <summary>What a scenario found.</summary>
/// <param name="Sizes">What was run: how many of what, for how long.</param>
/// <param name="Store">What the product's database says about waiting for the disk.</param>
/// <param name="Tallies">The ledgers, one for each channel or group of them.</param>
/// <param name="Complaints">Promises that were broken besides what ledgers show.</param>
internal sealed record Verdict(string Sizes, string Store, IReadOnlyList<Tally> Tallies, IReadOnlyList<string> Complaints)
{
    public bool Holds => Complaints.Count == 0 && Tallies.All(tally => tally.Holds);

    public Tally Total => Tally.Sum("all", Tallies);
}
