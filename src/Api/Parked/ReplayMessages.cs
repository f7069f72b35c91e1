using System.Text.Json.Serialization;
using Channels.Storage.Parked;

namespace Channels.Api.Parked;

/// <summary>Webhooks parked for one cause. Numbers in a reason show as <c>#</c>, and what stands behind a colon is left out.</summary>
/// <param name="ChannelType">The channels' kind.</param>
/// <param name="Cause">Why; give it to a replay as it stands here.</param>
/// <param name="ChannelId">The channel; null where there are several: ask with <c>by=channel</c>.</param>
/// <param name="Count">How many.</param>
/// <param name="Channels">Of how many channels.</param>
/// <param name="Oldest">When the first was received.</param>
/// <param name="Newest">When the last was.</param>
/// <param name="LastParkedAt">When one was last parked, whether or not it is still.</param>
/// <param name="ExampleId">The oldest, to look into.</param>
/// <param name="OfDeletedChannels">How many cannot be replayed because their channel was deleted.</param>
/// <param name="NextStep">What to do.</param>
internal sealed record ParkedGroupAnswer(
    string ChannelType, string Cause, Guid? ChannelId, long Count, long Channels, DateTimeOffset Oldest, DateTimeOffset Newest, DateTimeOffset LastParkedAt,
    Guid ExampleId, long OfDeletedChannels, string NextStep)
{
    public static ParkedGroupAnswer Of(ParkedGroup group) => new(
        group.Kind, group.Cause, group.Account?.Value, group.Count, group.Channels, group.Oldest, group.Newest, group.LastParkedAt, group.Example.Value,
        group.OfDeleted, NextStepOf(group));

    private static string NextStepOf(ParkedGroup group) => group switch
    {
        _ when group.OfDeleted == group.Count => "Nothing can be replayed: the channel was deleted. Read them with GET /api/v1/parked-webhooks if they matter, then throw them away with DELETE /api/v1/parked-webhooks?cause=.",
        _ when group.Cause.StartsWith("this server knows no channel kind", StringComparison.Ordinal) => "Install the version that knows this kind, then replay the group.",
        _ when group.Cause.StartsWith("the parser of", StringComparison.Ordinal) => "This is a fault of ours: report it with the example's body, and replay the group after the upgrade that mends it.",
        _ when group.Cause.StartsWith("the database refuses", StringComparison.Ordinal) => "This is a fault of ours: report it with the example's body, and replay the group after the upgrade that mends it.",
        _ when group.Cause.StartsWith("the channel was deleted", StringComparison.Ordinal) => "Replay the group if the channel is there again.",
        _ => "Look into the example: if the gateway sent nonsense, mend it there. Replay the group once it can be read; what cannot is parked again. What is nonsense can be thrown away with DELETE /api/v1/parked-webhooks?cause=.",
    };
}

/// <summary>A page of groups, the largest first.</summary>
internal sealed record ParkedGroupList(IReadOnlyList<ParkedGroupAnswer> Groups, long Total, int Page, int Limit);

/// <summary>Which parked webhooks to put back. What is left out does not narrow it: an empty body means all.</summary>
internal sealed record StartReplay
{
    /// <summary>Of this channel.</summary>
    public Guid? ChannelId { get; init; }

    /// <summary>Of channels of this kind.</summary>
    public string? ChannelType { get; init; }

    /// <summary>Parked for this cause, as the groups show it.</summary>
    public string? Cause { get; init; }

    /// <summary>Only say what would be done. Default: false.</summary>
    public bool? DryRun { get; init; }

    /// <summary>Webhooks a second, 1 to 1000. Default: 50.</summary>
    public int? Rate { get; init; }
}

/// <summary>What a replay would do now; nothing was done.</summary>
/// <param name="DryRun">Always true.</param>
/// <param name="WouldReplay">How many.</param>
/// <param name="Oldest">When the first was received.</param>
/// <param name="Newest">When the last was.</param>
/// <param name="Seconds">How long it would take at the rate.</param>
/// <param name="First">The first of them, up to 20.</param>
internal sealed record ReplayDryRun(bool DryRun, long WouldReplay, DateTimeOffset? Oldest, DateTimeOffset? Newest, double Seconds, IReadOnlyList<Guid> First);

/// <summary>A replay of many. It goes on over restarts until it is done or cancelled.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State"><c>running, done</c> or <c>cancelled</c>.</param>
/// <param name="Matched">How many fitted when it began.</param>
/// <param name="Replayed">How many went back into the inbox so far. What cannot be read still is parked again, under a new id.</param>
/// <param name="Rate">Webhooks a second.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="EndedAt">When it ended.</param>
internal sealed record ReplayJobAnswer(Guid Id, string State, long Matched, long Replayed, int Rate, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt)
{
    /// <summary>Of this channel only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ChannelId { get; init; }

    /// <summary>Of channels of this kind only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ChannelType { get; init; }

    /// <summary>Parked for this cause only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cause { get; init; }

    public static ReplayJobAnswer Of(ReplayRow row) => new(row.Id, row.State, row.Matched, row.Replayed, row.Rate, row.CreatedAt, row.EndedAt)
    {
        ChannelId = row.Filter.Account?.Value,
        ChannelType = row.Filter.Kind,
        Cause = row.Filter.Cause,
    };
}

/// <summary>A page of replays, newest first.</summary>
internal sealed record ReplayList(IReadOnlyList<ReplayJobAnswer> Replays, long Total, int Page, int Limit);
