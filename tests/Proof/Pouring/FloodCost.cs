using System.Globalization;

namespace Channels.Proof.Pouring;

/// <summary>What a flood costs a quiet tenant: medians over rounds of the p99 without it and beside it, in milliseconds.</summary>
internal sealed record FloodCost(double QuietAcknowledged, double BesideAcknowledged, double QuietAnswered, double BesideAnswered)
{
    private const double Allowed = 1.25;

    private double Acknowledged => BesideAcknowledged / QuietAcknowledged;

    private double Answered => BesideAnswered / QuietAnswered;

    public static FloodCost Of(IReadOnlyList<(Waits Alone, Waits Beside)> rounds)
    {
        double Middle(Func<(Waits Alone, Waits Beside), double> value) => rounds.Select(value).Order().ElementAt(rounds.Count / 2);
        return new FloodCost(
            Middle(round => round.Alone.AcknowledgedAt(0.99)), Middle(round => round.Beside.AcknowledgedAt(0.99)),
            Middle(round => round.Alone.AnsweredAt(0.99)), Middle(round => round.Beside.AnsweredAt(0.99)));
    }

    /// <summary>Where it costs more than is promised.</summary>
    public IEnumerable<string> Complaints()
    {
        if (Acknowledged > Allowed)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"the quiet tenant's p99 of acknowledgements was {Acknowledged:0.00} times that without the flood");
        }

        if (Answered > Allowed)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"the quiet tenant's p99 of full loops was {Answered:0.00} times that without the flood");
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"medians of p99: acknowledgement {QuietAcknowledged:0.0} alone, {BesideAcknowledged:0.0} ms beside the flood ({Acknowledged:0.00} times); loop {QuietAnswered:0.0} alone, {BesideAnswered:0.0} ms beside the flood ({Answered:0.00} times)");
}
