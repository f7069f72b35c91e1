namespace Orleans.Runtime;

/// <summary>A reminder that is set.</summary>
public interface IGrainReminder
{
    string ReminderName { get; }
}

/// <summary>Which tick a reminder call is. Times are UTC.</summary>
[GenerateSerializer, Immutable]
public readonly struct TickStatus(DateTime firstTickTime, TimeSpan period, DateTime timeStamp)
{
    [Id(0)]
    public DateTime FirstTickTime { get; } = firstTickTime;

    [Id(1)]
    public TimeSpan Period { get; } = period;

    [Id(2)]
    public DateTime CurrentTickTime { get; } = timeStamp;
}
