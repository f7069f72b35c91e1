using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Ids;
using Channels.Storage.Outbox;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Messages;

/// <summary>What a person decides about a message that may have left.</summary>
internal static class OutcomeEndpoints
{
    private const string About = """
        For a message of status unknown: it may have left, and the provider cannot say. Look into the chat. If it is there, settle it as sent; if it is not, redrive
        it, or settle it as failed when it is no longer wanted. What is learnt meanwhile (an echo, a receipt, a look-up) goes before: then the answer is
        outcome_known. A text of status failed that the provider never took can be redriven as well, once for each time it failed: it is tried from now on, before
        what is queued later in its conversation and after what has left already. Files, templates and choices are sent anew: what was attached to them is not kept.
        """;

    /// <summary>Adds the paths to the group of messages.</summary>
    public static void MapOutcomes(this RouteGroupBuilder messages)
    {
        messages.MapPost("/{id:guid}/redrive", RedriveAsync).Repeatable().WithName("RedriveMessage")
            .WithSummary("Sends a message once more: one of unknown outcome, marked possibly_duplicate, or a text that failed without leaving").WithDescription(About.ReplaceLineEndings(" "));
        messages.MapPost("/{id:guid}/settle", SettleAsync).Repeatable().WithName("SettleMessage")
            .WithSummary("Says what became of a message of unknown outcome: sent or failed").WithDescription(About.ReplaceLineEndings(" "));
    }

    private static async Task<Results<Accepted<OutcomeAnswer>, Problem>> RedriveAsync(
        Guid id, Caller caller, UnknownReplies unknown, MessageQueries messages, CancellationToken cancellationToken) =>
        await unknown.RedriveAsync(caller.Tenant, new MessageId(id), cancellationToken)
            ? TypedResults.Accepted($"/api/v1/messages/{id}/timeline", new OutcomeAnswer(id, "queued"))
            : await WhyNotAsync(id, caller, messages, cancellationToken);

    private static async Task<Results<Ok<OutcomeAnswer>, Problem>> SettleAsync(
        Guid id, JsonBody<SettleMessage> body, Caller caller, UnknownReplies unknown, MessageQueries messages, CancellationToken cancellationToken)
    {
        if (body.Value.Status is not ("sent" or "failed"))
        {
            return Problem.Field(ErrorCatalogue.InvalidFields, "status", "must be sent or failed.");
        }

        return await unknown.SettleAsync(caller.Tenant, new MessageId(id), body.Value.Status == "sent", cancellationToken)
            ? TypedResults.Ok(new OutcomeAnswer(id, body.Value.Status))
            : await WhyNotAsync(id, caller, messages, cancellationToken);
    }

    private static async Task<Problem> WhyNotAsync(Guid id, Caller caller, MessageQueries messages, CancellationToken cancellationToken) =>
        await messages.FindAsync(caller.Tenant, new MessageId(id), cancellationToken) is { } found
            ? new Problem(ErrorCatalogue.OutcomeKnown, found.Message.Status == "failed"
                ? "Its status is failed. Only a plain text that the provider never took can be redriven."
                : $"Its status is {found.Message.Status}.")
            : Problem.NotFound;
}

/// <summary>What a person saw in the chat.</summary>
internal sealed record SettleMessage
{
    /// <summary><c>sent</c>: the message is there. <c>failed</c>: it is not, and shall not be sent again.</summary>
    public required string Status { get; init; }
}

/// <summary>Where the message stands now.</summary>
internal sealed record OutcomeAnswer(Guid MessageId, string Status);
