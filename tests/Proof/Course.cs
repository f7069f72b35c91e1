namespace Channels.Proof;

/// <summary>How a scenario is to be run: its seed, its length, and where it tells what it does.</summary>
/// <param name="Seed">Decides every random choice of the proof; what the operating system decides it cannot.</param>
/// <param name="Brief">The short form of <c>./test.sh</c>: seconds instead of minutes.</param>
/// <param name="RoundsWanted">How often it repeats itself; null for what the scenario thinks right.</param>
/// <param name="SecondsWanted">How long its load or its outage lasts; null for what the scenario thinks right.</param>
/// <param name="Say">Takes a line about what happens.</param>
internal sealed record Course(int Seed, bool Brief, int? RoundsWanted, int? SecondsWanted, Action<string> Say)
{
    public int Rounds(int full, int brief) => RoundsWanted ?? (Brief ? brief : full);

    public TimeSpan Seconds(int full, int brief) => TimeSpan.FromSeconds(SecondsWanted ?? (Brief ? brief : full));

    public int Size(int full, int brief) => Brief ? brief : full;

    /// <summary>A source of choices for one purpose: the same whatever else was chosen before.</summary>
    public Random Choices(string purpose) => new(unchecked((Seed * 397) ^ Stable(purpose)));

    /// <summary>A number from zero to one for a text: the same for the same seed, whoever asks when.</summary>
    public double Chance(string text) => unchecked((uint)((Seed * 397) ^ Stable(text)) * 2654435761u) / (double)uint.MaxValue;

    // A string's own hash differs from process to process.
    private static int Stable(string text)
    {
        var hash = unchecked((int)2166136261);
        foreach (var letter in text)
        {
            hash = unchecked((hash ^ letter) * 16777619);
        }

        return hash;
    }
}
