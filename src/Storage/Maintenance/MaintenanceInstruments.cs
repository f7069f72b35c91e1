using System.Diagnostics.Metrics;

namespace Channels.Storage.Maintenance;

/// <summary>What housekeeping measures.</summary>
public sealed class MaintenanceInstruments
{
    private readonly Counter<long> _trimmed;

    /// <summary>One per process.</summary>
    public MaintenanceInstruments(IMeterFactory meters)
    {
        var meter = meters.Create("Channels.Maintenance");
        _trimmed = meter.CreateCounter<long>("channels.maintenance.trimmed", "{item}", "Rows and files past their keep that were deleted; of dropped partitions as last analysed.");
    }

    /// <summary>So many items of a kind are gone.</summary>
    internal void Trimmed(string what, long count) => _trimmed.Add(count, new KeyValuePair<string, object?>("channels.trimmed", what));
}
