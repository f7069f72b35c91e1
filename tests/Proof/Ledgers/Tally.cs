namespace Channels.Proof.Ledgers;

/// <summary>The three ledgers side by side: what was acknowledged to the provider, what the product has stored, what the provider was given.</summary>
/// <param name="What">Whose ledgers.</param>
/// <param name="Acknowledged">Messages that got a 200.</param>
/// <param name="Stored">Of these, in the transcript.</param>
/// <param name="Delivered">Of these, whose reply the provider has, or that the transcript says is open.</param>
/// <param name="Lost">Acknowledged, but not stored; or stored, and its reply neither at the provider nor shown as open.</param>
/// <param name="DoubledUnmarked">Stored twice, or sent twice without saying so.</param>
/// <param name="DoubledMarked">Sent twice, and marked <c>possibly_duplicate</c>.</param>
/// <param name="OutOfOrder">Stored or sent behind a later message of the same conversation.</param>
/// <param name="Open">Replies that did not reach the provider and that the transcript shows as <c>unknown</c> or <c>failed</c>, for a person.</param>
/// <param name="Wrong">Whatever else the ledgers contradict each other in.</param>
internal sealed record Tally(
    string What, int Acknowledged, int Stored, int Delivered, IReadOnlyList<string> Lost, IReadOnlyList<string> DoubledUnmarked, IReadOnlyList<string> DoubledMarked,
    IReadOnlyList<string> OutOfOrder, IReadOnlyList<string> Open, IReadOnlyList<string> Wrong)
{
    public bool Holds => Lost.Count == 0 && DoubledUnmarked.Count == 0 && OutOfOrder.Count == 0 && Wrong.Count == 0;

    public static Tally Sum(string what, IReadOnlyList<Tally> parts) => new(
        what, parts.Sum(part => part.Acknowledged), parts.Sum(part => part.Stored), parts.Sum(part => part.Delivered), [.. parts.SelectMany(part => part.Lost)],
        [.. parts.SelectMany(part => part.DoubledUnmarked)], [.. parts.SelectMany(part => part.DoubledMarked)], [.. parts.SelectMany(part => part.OutOfOrder)],
        [.. parts.SelectMany(part => part.Open)], [.. parts.SelectMany(part => part.Wrong)]);

    public override string ToString() =>
        $"{What}: {Acknowledged} acknowledged, {Stored} stored, {Delivered} answered; lost {Shown(Lost)}; doubled unmarked {Shown(DoubledUnmarked)}; " +
        $"doubled marked {Shown(DoubledMarked)}; out of order {Shown(OutOfOrder)}; open {Shown(Open)}; otherwise wrong {Shown(Wrong)}";

    // With an example: a number alone leads nowhere.
    private static string Shown(IReadOnlyList<string> found) => found.Count == 0 ? "0" : $"{found.Count} (e.g. {found[0]})";
}
