using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Ids;
using Channels.Storage.Parked;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Parked;

/// <summary>Parked webhooks by cause, and trying many of them again.</summary>
internal static class ReplayEndpoints
{
    private const int UsualRate = 50;
    private const int HighestRate = 1_000;
    private const int Examples = 20;

    private const string About = """
        Puts back what is parked by now and fits, oldest first, at the rate: each channel's webhooks keep their order, behind what waits there already. It goes
        on after a restart; look at it with GET, end it with cancel. What cannot be read still is parked again, and does not go round. With dry_run it only
        says how many would be put back, and which first. A channel that was deleted keeps its parked webhooks.
        """;

    /// <summary>Adds the paths to the group of parked webhooks.</summary>
    public static void MapReplays(this RouteGroupBuilder parked)
    {
        parked.MapGet("/groups", GroupsAsync).WithName("GroupParkedWebhooks")
            .WithSummary("Parked webhooks by cause with an example and what to do, the largest group first; filters: channel_id, channel_type, cause; by=channel for groups of each channel");
        parked.MapPost("/replays", BeginAsync).Repeatable(resumes: true).WithName("BeginReplay")
            .WithSummary("Puts many back: a group, a channel's, or all").WithDescription(About.ReplaceLineEndings(" "));
        parked.MapGet("/replays", ListAsync).WithName("ListReplays").WithSummary("Replays of many, newest first");
        parked.MapGet("/replays/{id:guid}", FindAsync).WithName("GetReplay").WithSummary("How far a replay is");
        parked.MapPost("/replays/{id:guid}/cancel", CancelAsync).Repeatable().WithName("CancelReplay").WithSummary("Ends a replay; what was put back stays so");
    }

    private static async Task<Results<Ok<ParkedGroupList>, Problem>> GroupsAsync(
        ChannelQuery channel, [FromQuery(Name = "channel_type")] string? channelType, string? cause, string? by, PageRequest page, Caller caller, ParkedGroups groups,
        CancellationToken cancellationToken)
    {
        if (by is not (null or "" or "cause" or "channel"))
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, "by", "must be cause or channel.");
        }

        var filter = new ParkedFilter(channel.Account, Given(channelType), Cause(cause));
        var found = await groups.ListAsync(caller.Tenant, filter, by == "channel", page.Page, cancellationToken);
        return TypedResults.Ok(new ParkedGroupList([.. found.Items.Select(ParkedGroupAnswer.Of)], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Ok<ReplayDryRun>, Accepted<ReplayJobAnswer>, Problem>> BeginAsync(
        JsonBody<StartReplay> body, HttpContext http, Caller caller, Replays replays, IdSource ids, CancellationToken cancellationToken)
    {
        var asked = body.Value;
        var rate = asked.Rate ?? UsualRate;
        if (rate is < 1 or > HighestRate)
        {
            return Problem.Field(ErrorCatalogue.InvalidFields, "rate", $"must be 1 to {HighestRate} webhooks a second.");
        }

        var filter = new ParkedFilter(asked.ChannelId is { } channel ? new AccountId(channel) : null, Given(asked.ChannelType), Cause(asked.Cause));
        if (asked.DryRun == true)
        {
            var would = await replays.PreviewAsync(caller.Tenant, filter, Examples, cancellationToken);
            return TypedResults.Ok(new ReplayDryRun(
                true, would.Count, would.Oldest, would.Newest, Math.Round((double)would.Count / rate, 1), [.. would.First.Select(webhook => webhook.Value)]));
        }

        // With a key the id follows from it: however often this runs, one replay begins.
        var id = http.Features.Get<RequestKey>() is { } key ? DerivedId.From(caller.Tenant, key.Key, key.Since) : ids.Next();
        var begun = await replays.BeginAsync(caller.Tenant, id, filter, rate, cancellationToken);
        return TypedResults.Accepted($"/api/v1/parked-webhooks/replays/{id}", ReplayJobAnswer.Of(begun));
    }

    private static async Task<Ok<ReplayList>> ListAsync(PageRequest page, Caller caller, Replays replays, CancellationToken cancellationToken)
    {
        var found = await replays.ListAsync(caller.Tenant, page.Page, cancellationToken);
        return TypedResults.Ok(new ReplayList([.. found.Items.Select(ReplayJobAnswer.Of)], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Ok<ReplayJobAnswer>, Problem>> FindAsync(Guid id, Caller caller, Replays replays, CancellationToken cancellationToken) =>
        await replays.FindAsync(caller.Tenant, id, cancellationToken) is { } found ? TypedResults.Ok(ReplayJobAnswer.Of(found)) : Problem.NotFound;

    private static async Task<Results<Ok<ReplayJobAnswer>, Problem>> CancelAsync(Guid id, Caller caller, Replays replays, CancellationToken cancellationToken) =>
        await replays.CancelAsync(caller.Tenant, id, cancellationToken) is { } found ? TypedResults.Ok(ReplayJobAnswer.Of(found)) : Problem.NotFound;

    // As it stands: a cause is trimmed where it is cut out of a reason, and nowhere else.
    private static string? Cause(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
