using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.History;
using Channels.Api.Idempotency;
using Channels.Api.Pairing;
using Channels.Api.Requests;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Channels;

/// <summary>A tenant's channels: each an account with its connector.</summary>
internal static class ChannelEndpoints
{
    public static void MapChannels(this IEndpointRouteBuilder app)
    {
        var channels = app.MapApiGroup("/api/v1/channels", "Channels", Access.Access.Tenant);
        channels.MapPost("/", CreateAsync).Repeatable().WithName("CreateChannel").WithSummary("Makes a channel; the webhook secret is shown this once");
        channels.MapGet("/", ListAsync).WithName("ListChannels").WithSummary("Channels, newest first; filters: type, status, search");
        channels.MapGet("/{id:guid}", FindAsync).WithName("GetChannel").WithSummary("One channel, without its secrets");
        channels.MapPatch("/{id:guid}", ChangeAsync).WithName("ChangeChannel").WithSummary("Changes what is given and keeps the rest");
        channels.MapPut("/{id:guid}", ReplaceAsync).WithName("ReplaceChannel").WithSummary("Replaces all settings; secrets that are not given are kept");
        channels.MapDelete("/{id:guid}", DeleteAsync).WithName("DeleteChannel").WithSummary("Takes a channel away; its conversations stay readable");
        channels.MapPost("/{id:guid}/rotate-webhook-secret", RotateAsync).Repeatable().WithName("RotateWebhookSecret").WithSummary("A new webhook secret, shown this once");
        channels.MapGet("/{id:guid}/metrics", MetricsAsync).WithName("GetChannelMetrics").WithSummary("What a channel has done and what waits in it");
        channels.MapGet("/{id:guid}/status-history", HistoryAsync).WithName("GetChannelStatusHistory").WithSummary("What became of its connection, newest first");
        channels.MapActivation();
        channels.MapPairing();
        channels.MapHistory();
        channels.MapPreview();
        channels.MapSimulation();
    }

    private static Task<Results<Created<ChannelAnswer>, Problem>> CreateAsync(
        JsonBody<CreateChannel> body, Caller caller, ChannelWriting writing, CancellationToken cancellationToken) =>
        writing.CreateAsync(caller.Tenant, body, cancellationToken);

    private static async Task<Results<Ok<ChannelList>, Problem>> ListAsync(
        PageRequest page, string? type, string? status, string? search, Caller caller, ChannelStore channels, IConnectorCatalog kinds, PublicAddress address, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var (kind, shown) = (Given(type), Given(status));
        if (shown is not null && StatusWords.FromWord<AccountStatus>(shown) is null)
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, "status", $"must be one of: {string.Join(", ", Enum.GetValues<AccountStatus>().Select(one => one.ToWord()))}.");
        }

        var found = await channels.ListAsync(caller.Tenant, new(kind, shown, search), page.Page, cancellationToken);

        // A kind that this installation does not have any more may still have channels.
        if (found.Total == 0 && kind is not null && kinds.Find(kind) is null && (await channels.ListAsync(caller.Tenant, new(kind, null, null), new(1, 1), cancellationToken)).Total == 0)
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, "type", $"is no channel kind; known are: {string.Join(", ", kinds.All.Select(one => one.Manifest.Id).Order(StringComparer.Ordinal))}.");
        }

        return TypedResults.Ok(new ChannelList(
            [.. found.Items.Select(channel => ChannelAnswer.Of(channel, address, clock.GetUtcNow()))], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Ok<ChannelAnswer>, Problem>> FindAsync(
        Guid id, Caller caller, ChannelStore channels, PublicAddress address, TimeProvider clock, CancellationToken cancellationToken) =>
        await channels.FindAsync(caller.Tenant, new AccountId(id), cancellationToken) is { } channel
            ? TypedResults.Ok(ChannelAnswer.Of(channel, address, clock.GetUtcNow()))
            : Problem.NotFound;

    private static Task<Results<Ok<ChannelAnswer>, Problem>> ChangeAsync(
        Guid id, JsonBody<ChangeChannel> body, Caller caller, ChannelWriting writing, CancellationToken cancellationToken) =>
        writing.ChangeAsync(caller.Tenant, new AccountId(id), body, partial: true, cancellationToken);

    private static Task<Results<Ok<ChannelAnswer>, Problem>> ReplaceAsync(
        Guid id, JsonBody<ReplaceChannel> body, Caller caller, ChannelWriting writing, CancellationToken cancellationToken) =>
        writing.ChangeAsync(caller.Tenant, new AccountId(id), body, partial: false, cancellationToken);

    private static async Task<Results<NoContent, Problem>> DeleteAsync(Guid id, Caller caller, ChannelWriting writing, CancellationToken cancellationToken) =>
        await writing.DeleteAsync(caller.Tenant, new AccountId(id), cancellationToken) ? TypedResults.NoContent() : Problem.NotFound;

    private static Task<Results<Ok<WebhookSecretAnswer>, Problem>> RotateAsync(
        Guid id, JsonBody<RotateWebhookSecret> body, Caller caller, ChannelWriting writing, CancellationToken cancellationToken) =>
        writing.RotateAsync(caller.Tenant, new AccountId(id), body.Value, cancellationToken);

    private static async Task<Results<Ok<ChannelMetricsAnswer>, Problem>> MetricsAsync(
        Guid id, Caller caller, ChannelMetricsReader metrics, Circuits circuits, CancellationToken cancellationToken) =>
        await metrics.ReadAsync(caller.Tenant, new AccountId(id), cancellationToken) is { } found
            ? TypedResults.Ok(ChannelMetricsAnswer.Of(id, found, await circuits.FindAsync(found.Connector)))
            : Problem.NotFound;

    private static async Task<Results<Ok<StatusHistory>, Problem>> HistoryAsync(
        Guid id, PageRequest page, Caller caller, ChannelStore channels, StatusHistoryQueries history, CancellationToken cancellationToken)
    {
        if (await channels.FindAsync(caller.Tenant, new AccountId(id), cancellationToken) is null)
        {
            return Problem.NotFound;
        }

        var found = await history.ListAsync(caller.Tenant, new AccountId(id), page.Page, cancellationToken);
        var changes = found.Items.Select(change => new StatusChangeAnswer(change.Id, change.Status, change.Code, change.Reason, change.At));
        return TypedResults.Ok(new StatusHistory([.. changes], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
