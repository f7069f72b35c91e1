namespace Channels.Bench.Load;

/// <summary>What the generator sends, and when to end.</summary>
/// <param name="Templates">One per channel.</param>
/// <param name="Connections">Each has one request outstanding.</param>
/// <param name="Contacts">Contacts over all channels. Contact <c>k</c> writes to channel <c>k mod channels</c>, always over the same connection: so its messages have one order.</param>
/// <param name="FirstNumber">The first message's number; numbers are never used twice in a run.</param>
internal sealed record LoadPlan(IReadOnlyList<WebhookTemplate> Templates, int Connections, int Contacts, long FirstNumber)
{
    /// <summary>Ends after this time.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Ends after so many messages.</summary>
    public long Messages { get; init; } = long.MaxValue;

    /// <summary>Messages per second, on schedule whatever the answers do; null for as fast as they are answered.</summary>
    public double? Rate { get; init; }

    /// <summary>Ends when this is cancelled; what is under way is awaited.</summary>
    public CancellationToken Ending { get; init; }

    /// <summary>Whether <see cref="LoadResult.Taken"/> is kept.</summary>
    public bool KeepsTaken { get; init; }

    /// <summary>Told while it runs; null when nobody wants to know.</summary>
    public LoadProgress? Progress { get; init; }
}

/// <summary>How far a run is. Written by the generator's thread alone.</summary>
internal sealed class LoadProgress
{
    private long _acknowledged;

    public long Acknowledged
    {
        get => Volatile.Read(ref _acknowledged);
        set => Volatile.Write(ref _acknowledged, value);
    }
}

/// <summary>A message that got its 200.</summary>
internal readonly record struct TakenMessage(int Contact, long Number);

/// <summary>What came of it.</summary>
internal sealed class LoadResult
{
    public long Sent { get; set; }

    public long Acknowledged { get; set; }

    public long Errors { get; set; }

    public TimeSpan Elapsed { get; set; }

    /// <summary>Answers by status.</summary>
    public SortedDictionary<int, long> Statuses { get; } = [];

    /// <summary>Microseconds from when a request was due to its answer, ascending.</summary>
    public List<int> Latencies { get; } = [];

    /// <summary>The latest answers of a rated plan.</summary>
    public LateAnswers Late { get; } = new();

    /// <summary>When each message of a rated plan was due, by number less the plan's first.</summary>
    public List<DateTimeOffset> DueAt { get; } = [];

    /// <summary>What got its 200, if the plan asks for it: each contact's in the order in which it was posted.</summary>
    public List<TakenMessage> Taken { get; } = [];

    public double Rate => Acknowledged / Elapsed.TotalSeconds;

    public double Milliseconds(double share) => Latencies.Count == 0 ? double.NaN : Latencies[(int)Math.Min(Latencies.Count - 1, share * Latencies.Count)] / 1000.0;
}
