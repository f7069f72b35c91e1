using Channels.Core.Ids;
using Orleans;

namespace Channels.Core.History;

/// <summary>Keeps how far the import of an account's history has come.</summary>
public interface IHistoryImports
{
    /// <summary>The account's newest import; null when there was none.</summary>
    Task<HistoryImport?> FindAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken);

    /// <summary>Writes an import as it stands now. Safe to repeat.</summary>
    Task SaveAsync(TenantId tenant, AccountId account, HistoryImport import, CancellationToken cancellationToken);
}

/// <summary>The import of an account's history.</summary>
/// <param name="Id">Its id, made when it was asked for.</param>
/// <param name="Strategy">What was asked for.</param>
/// <param name="Most">Messages at the most; null for all there are.</param>
/// <param name="State">How it stands.</param>
/// <param name="Read">Messages read so far. Those that were here already are among them.</param>
/// <param name="Cursor">Where the provider goes on, in the connector's words; null at the beginning.</param>
/// <param name="Reason">Why it waits or ended; null when nothing is to be said.</param>
/// <param name="NextStep">What to do about it; null for nothing.</param>
/// <param name="Failures">Attempts in a row that brought nothing.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="UpdatedAt">When it moved last.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
[GenerateSerializer, Immutable, Alias("HistoryImport")]
public sealed record HistoryImport(
    [property: Id(0)] Guid Id, [property: Id(1)] HistoryStrategy Strategy, [property: Id(2)] int? Most, [property: Id(3)] HistoryImportState State,
    [property: Id(4)] long Read, [property: Id(5)] string? Cursor, [property: Id(6)] string? Reason, [property: Id(7)] string? NextStep,
    [property: Id(8)] int Failures, [property: Id(9)] DateTimeOffset StartedAt, [property: Id(10)] DateTimeOffset UpdatedAt, [property: Id(11)] DateTimeOffset? EndedAt);

/// <summary>How much of the past is wanted.</summary>
public enum HistoryStrategy
{
    /// <summary>Nothing: only what comes from now on.</summary>
    NewOnly = 0,

    /// <summary>The newest messages, up to a limit.</summary>
    Recent,

    /// <summary>Everything the provider has.</summary>
    All,
}

/// <summary>How an import stands.</summary>
public enum HistoryImportState
{
    /// <summary>It reads, or waits for its turn or its provider.</summary>
    Running = 0,

    /// <summary>Everything that was asked for was read.</summary>
    Done,

    /// <summary>Somebody cancelled it; what was read stays.</summary>
    Cancelled,

    /// <summary>The provider refused; what was read stays.</summary>
    Failed,
}
