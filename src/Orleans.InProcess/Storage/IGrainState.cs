namespace Orleans;

/// <summary>What storage fills in on reading and takes on writing.</summary>
public interface IGrainState<T>
{
    T? State { get; set; }

    string? ETag { get; set; }

    bool RecordExists { get; set; }
}
