using System.Text;
using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Ingress;
using Channels.Api.Requests;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Secrets;
using Channels.Storage.Channels;
using Channels.Storage.Parked;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Parked;

/// <summary>Webhooks nobody could read: why, what they hold, and trying them again.</summary>
internal static class ParkedEndpoints
{
    private const int ListedBytes = 4 << 10;
    private const int ShownBytes = 256 << 10;

    public static void MapParkedWebhooks(this IEndpointRouteBuilder app)
    {
        var parked = app.MapApiGroup("/api/v1/parked-webhooks", "Parked webhooks", Access.Access.Tenant);
        parked.MapGet("/", ListAsync).WithName("ListParkedWebhooks").WithSummary("Parked webhooks with their reason, newest first; filter: channel_id. Secrets in bodies are blanked");
        parked.MapGet("/{id:guid}", FindAsync).WithName("GetParkedWebhook").WithSummary("One parked webhook with its body, secrets blanked");
        parked.MapPost("/{id:guid}/replay", ReplayAsync).Repeatable().WithName("ReplayParkedWebhook")
            .WithSummary("Puts it back into the inbox, behind what waits there; with ?dry_run=true only says whether it could");
        parked.MapDelete("/{id:guid}", DiscardAsync).WithName("DiscardParkedWebhook").WithSummary("Throws it away for good; the ledger tells how many were");
        parked.MapDelete("/", DiscardGroupAsync).WithName("DiscardParkedWebhooks")
            .WithSummary("Throws a group away for good, up to 500 at a time: repeat while it answers with more than 0. ?cause= is needed; channel_id and channel_type narrow it");
        parked.MapReplays();
        var channels = app.MapApiGroup("/api/v1/channels", "Parked webhooks", Access.Access.Tenant);
        channels.MapPost("/{id:guid}/parked-webhooks/replay", ReplayAllAsync).Repeatable().WithName("ReplayParkedWebhooks")
            .WithSummary("Puts a channel's parked webhooks back, oldest first, up to 500 at a time");
    }

    private static async Task<Ok<ParkedList>> ListAsync(
        ChannelQuery channel, PageRequest page, Caller caller, ParkedWebhooks parked, IChannelDirectory directory, GlobalWebhookSecret global,
        CancellationToken cancellationToken)
    {
        var found = await parked.ListAsync(caller.Tenant, channel.Account, page.Page, ListedBytes, cancellationToken);
        var answers = new List<ParkedAnswer>();
        foreach (var row in found.Items)
        {
            answers.Add(await AnswerAsync(row, directory, global, cancellationToken));
        }

        return TypedResults.Ok(new ParkedList(answers, found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Ok<ParkedAnswer>, Problem>> FindAsync(
        Guid id, Caller caller, ParkedWebhooks parked, IChannelDirectory directory, GlobalWebhookSecret global, CancellationToken cancellationToken) =>
        await parked.FindAsync(caller.Tenant, new WebhookId(id), ShownBytes, cancellationToken) is { } row
            ? TypedResults.Ok(await AnswerAsync(row, directory, global, cancellationToken))
            : Problem.NotFound;

    private static async Task<Results<Ok<ReplayDryRun>, Accepted<ReplayAnswer>, Problem>> ReplayAsync(
        Guid id, [FromQuery(Name = "dry_run")] bool? dryRun, Caller caller, ParkedWebhooks parked, IChannelDirectory directory, CancellationToken cancellationToken)
    {
        if (dryRun != true)
        {
            return await parked.ReplayAsync(caller.Tenant, new WebhookId(id), cancellationToken)
                ? TypedResults.Accepted((string?)null, new ReplayAnswer(1))
                : Problem.NotFound;
        }

        return await parked.FindAsync(caller.Tenant, new WebhookId(id), 0, cancellationToken) is { } row && await directory.FindAsync(row.Account, cancellationToken) is not null
            ? TypedResults.Ok(new ReplayDryRun(true, 1, row.ReceivedAt, row.ReceivedAt, 0, [id]))
            : Problem.NotFound;
    }

    private static async Task<Results<Ok<DiscardedAnswer>, Problem>> DiscardAsync(Guid id, Caller caller, DiscardedWebhooks parked, CancellationToken cancellationToken) =>
        await parked.DiscardAsync(caller.Tenant, new WebhookId(id), cancellationToken) ? TypedResults.Ok(new DiscardedAnswer(1)) : Problem.NotFound;

    private static async Task<Results<Ok<DiscardedAnswer>, Problem>> DiscardGroupAsync(
        ChannelQuery channel, string? cause, [FromQuery(Name = "channel_type")] string? channelType, Caller caller, DiscardedWebhooks parked, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(cause))
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, "cause", "is missing: nothing is thrown away by accident.");
        }

        var filter = new ParkedFilter(channel.Account, string.IsNullOrWhiteSpace(channelType) ? null : channelType.Trim(), cause);
        return TypedResults.Ok(new DiscardedAnswer(await parked.DiscardAsync(caller.Tenant, filter, cancellationToken)));
    }

    private static async Task<Results<Accepted<ReplayAnswer>, Problem>> ReplayAllAsync(
        Guid id, Caller caller, ChannelStore channels, ParkedWebhooks parked, CancellationToken cancellationToken)
    {
        var account = new AccountId(id);
        return await channels.FindAsync(caller.Tenant, account, cancellationToken) is null
            ? Problem.NotFound
            : TypedResults.Accepted((string?)null, new ReplayAnswer(await parked.ReplayAllAsync(caller.Tenant, account, cancellationToken)));
    }

    // The operator's secret may stand in the address that gateways repeat inside their bodies.
    private static async Task<ParkedAnswer> AnswerAsync(ParkedRow row, IChannelDirectory directory, GlobalWebhookSecret global, CancellationToken cancellationToken)
    {
        var channel = await directory.FindAsync(row.Account, cancellationToken);
        return ParkedAnswer.Of(row, [.. global.Known, .. channel is null ? [] : SecretsOf(channel)]);
    }

    // What a parser could not read may hold a secret under any name, so the channel's own are blanked wherever they stand.
    private static IEnumerable<string> SecretsOf(ChannelEntry channel)
    {
        yield return channel.Connection.WebhookSecret;
        foreach (var former in channel.FormerWebhookSecrets)
        {
            yield return former.Secret;
        }

        foreach (var setting in channel.Connection.Settings.EnumerateObject())
        {
            if (SecretNames.IsSecret(setting.Name) && setting.Value.ValueKind == System.Text.Json.JsonValueKind.String)
            {
                yield return setting.Value.GetString()!;
            }
        }
    }
}

/// <summary>A parked webhook. <c>body</c> is its beginning as text, secrets blanked; bytes that are no UTF-8 show as U+FFFD.</summary>
internal sealed record ParkedAnswer(
    Guid Id, Guid ChannelId, string Reason, string Path, DateTimeOffset ReceivedAt, DateTimeOffset ParkedAt, int BodyBytes, string Body, bool BodyTruncated)
{
    // Longer than any secret: one that is cut in two at the end is not shown by half.
    private const int Margin = 512;

    public static ParkedAnswer Of(ParkedRow row, IEnumerable<string> secrets)
    {
        var truncated = row.Body.Length < row.BodyBytes;
        var text = Redaction.Redact(Encoding.UTF8.GetString(row.Body), secrets);
        var shown = truncated ? text[..Math.Max(0, text.Length - Margin)] : text;
        return new(
            row.Id.Value, row.Account.Value, row.Reason, Redaction.Redact(row.Path, secrets), row.ReceivedAt, row.ParkedAt, row.BodyBytes, shown, truncated);
    }
}

/// <summary>A page of parked webhooks.</summary>
internal sealed record ParkedList(IReadOnlyList<ParkedAnswer> ParkedWebhooks, long Total, int Page, int Limit);

/// <summary>How many went back into the inbox.</summary>
internal sealed record ReplayAnswer(int Replayed);

/// <summary>How many parked webhooks were thrown away.</summary>
internal sealed record DiscardedAnswer(long Discarded);
