using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Storage.Unrouted;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Unrouted;

/// <summary>The operator's view of what was acknowledged and belongs to no channel: what it names, since when, and what to do. Never its content.</summary>
internal static class UnroutedEndpoints
{
    private const int MostLosses = 100;

    public static void MapUnroutedWebhooks(this IEndpointRouteBuilder app)
    {
        var unrouted = app.MapApiGroup("/api/v1/unrouted-webhooks", "Unrouted webhooks", Access.Access.Operator);
        unrouted.MapGet("/", ListAsync).WithName("ListUnroutedWebhooks").WithSummary("Parts of webhooks that belong to no channel, by what they name, the longest kept first, each with what to do");
        unrouted.MapPost("/replay", ReplayAsync).WithName("ReplayUnroutedWebhooks")
            .WithSummary("Hands what is kept to the channels that have it now, oldest first, up to 500 at a time; safe to repeat");
        unrouted.MapDelete("/", DiscardAsync).WithName("DiscardUnroutedWebhooks").WithSummary("Throws away what names one account: ?channel_type= and ?name=, both needed");
    }

    private static async Task<Ok<UnroutedList>> ListAsync(PageRequest page, UnroutedWebhooks unrouted, CancellationToken cancellationToken)
    {
        var found = await unrouted.ListAsync(page.Page, cancellationToken);
        var losses = await unrouted.LossesAsync(MostLosses, cancellationToken);
        return TypedResults.Ok(new UnroutedList(
            [.. found.Items.Select(UnroutedAnswer.Of)], found.Total, page.Page.Number, page.Page.Limit, [.. losses.Select(UnroutedLossAnswer.Of)]));
    }

    private static async Task<Ok<UnroutedReplayAnswer>> ReplayAsync(JsonBody<ReplayUnrouted> body, UnroutedReplay replay, CancellationToken cancellationToken) =>
        TypedResults.Ok(await replay.RunAsync(body.Value.ChannelType, body.Value.Name, cancellationToken));

    private static async Task<Results<Ok<DiscardAnswer>, Problem>> DiscardAsync(
        [FromQuery(Name = "channel_type")] string? channelType, string? name, UnroutedWebhooks unrouted, CancellationToken cancellationToken) =>
        channelType is null || name is null
            ? Problem.Field(ErrorCatalogue.InvalidParameter, channelType is null ? "channel_type" : "name", "is missing: nothing is thrown away by accident.")
            : TypedResults.Ok(new DiscardAnswer(await unrouted.DiscardAsync(channelType, name, cancellationToken)));
}

/// <summary>What names the same account and belongs to no channel. <c>setting</c> is the channel setting that would claim it, <c>name</c> its value.</summary>
internal sealed record UnroutedAnswer(string ChannelType, string Setting, string Name, string Reason, long Count, long Bytes, DateTimeOffset Since, DateTimeOffset Latest, string NextStep)
{
    public static UnroutedAnswer Of(UnroutedGroup group) => new(
        group.Kind, group.Setting, group.Name, group.Reason, group.Count, group.Bytes, group.Since, group.Latest,
        group.Setting.Length == 0
            ? "Nothing in it says whom it is for. Discard it."
            : $"Make sure that exactly one tenant has a channel of kind {group.Kind} with config.{group.Setting} {group.Name} and the app secret the webhook was signed with, then replay; or discard it and unsubscribe the account at the provider.");
}

/// <summary>What was thrown away because its time was over (<c>age</c>) or there was no room (<c>room</c>): how much, received from when to when, and when last.</summary>
internal sealed record UnroutedLossAnswer(string ChannelType, string Setting, string Name, string Why, long Count, long Bytes, DateTimeOffset From, DateTimeOffset To, DateTimeOffset At)
{
    public static UnroutedLossAnswer Of(UnroutedLoss loss) => new(loss.Kind, loss.Setting, loss.Name, loss.Why, loss.Count, loss.Bytes, loss.From, loss.To, loss.At);
}

/// <summary>A page of them. <c>dropped</c>: what is gone without having been handed over, of the last year, the latest hundred by what they named.</summary>
internal sealed record UnroutedList(IReadOnlyList<UnroutedAnswer> UnroutedWebhooks, long Total, int Page, int Limit, IReadOnlyList<UnroutedLossAnswer> Dropped);

/// <summary>Which of them to try again; all when nothing is said.</summary>
internal sealed record ReplayUnrouted
{
    /// <summary>The channel kind.</summary>
    public string? ChannelType { get; init; }

    /// <summary>What they name.</summary>
    public string? Name { get; init; }
}

/// <summary>How many went to their channels, and how many of those that were tried are nobody's still. <c>more</c>: there are others behind them.</summary>
internal sealed record UnroutedReplayAnswer(int Replayed, int Kept, bool More);

/// <summary>How many were thrown away.</summary>
internal sealed record DiscardAnswer(int Discarded);
