using Channels.Core.History;
using Channels.Core.Ids;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>Imports one account's history in pages, with a checkpoint after each. Key: account id.</summary>
/// <remarks>Off the message path: calls return once noted; the provider is awaited in the grain's own loop.</remarks>
[Alias("IHistoryImportGrain")]
public interface IHistoryImportGrain : IGrainWithGuidKey
{
    /// <summary>Begins an import; while one runs, nothing is begun and that one is answered.</summary>
    /// <param name="tenant">The owner.</param>
    /// <param name="strategy">How much of the past.</param>
    /// <param name="most">Messages at the most; null for all there are.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Alias("StartAsync")]
    Task<HistoryImport> StartAsync(TenantId tenant, HistoryStrategy strategy, int? most, CancellationToken cancellationToken);

    /// <summary>Ends the import that runs; what was read stays. Null when there was never one.</summary>
    [Alias("CancelAsync")]
    Task<HistoryImport?> CancelAsync(TenantId tenant, CancellationToken cancellationToken);
}
