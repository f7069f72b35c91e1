using System.Text.Json;
using Channels.Core.Ids;

namespace Channels.Storage.Inbox;

/// <summary>How busy acknowledging keeps one process of a cluster, for the others of it.</summary>
/// <param name="From">The process, by an id of its own.</param>
/// <param name="Room">See <see cref="Core.Inbox.IInboxPressure.Room"/>; null when there is room for all.</param>
/// <param name="MustRest">See <see cref="Core.Inbox.IInboxPressure.MustRest"/>.</param>
/// <param name="IsHigh">Whether those who send notably make pressure.</param>
/// <param name="OthersAreAbout">See <see cref="Core.Inbox.IInboxPressure.OthersAreAbout"/>.</param>
/// <param name="Notable">Who sends notably: those who send most, <see cref="MostTenants"/> of them. Empty when nothing is short.</param>
internal sealed record PressureReport(Guid From, int? Room, bool MustRest, bool IsHigh, bool OthersAreAbout, IReadOnlyCollection<Guid> Notable)
{
    /// <summary>A notification takes 8,000 bytes, and an id of a tenant is 39 of them.</summary>
    public const int MostTenants = 150;

    /// <summary>Whether anything must give way.</summary>
    public bool IsShort => Room is not null || MustRest || IsHigh;

    /// <summary>Whether this tenant sends notably.</summary>
    public bool Names(TenantId tenant) => Notable.Contains(tenant.Value);

    /// <summary>As it is told.</summary>
    public string Written() => JsonSerializer.Serialize(this);

    /// <summary>As it was told; null when another version told it, in words that are not ours.</summary>
    public static PressureReport? Read(string told)
    {
        try
        {
            return JsonSerializer.Deserialize<PressureReport>(told) is { Notable: { } notable } report ? report with { Notable = notable.ToHashSet() } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
