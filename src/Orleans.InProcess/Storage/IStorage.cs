namespace Orleans.Core;

/// <summary>A record in storage that belongs to one grain, and its version there.</summary>
/// <remarks>Writing and clearing throw <see cref="Storage.InconsistentStateException"/> if someone else wrote since.</remarks>
public interface IStorage
{
    string? Etag { get; }

    bool RecordExists { get; }

    Task ClearStateAsync();

    Task WriteStateAsync();

    Task ReadStateAsync();

    Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

    Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

    Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
}

/// <summary>The same, with the value in memory.</summary>
public interface IStorage<TState> : IStorage
{
    TState State { get; set; }
}
