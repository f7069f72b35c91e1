using System.ClientModel;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Channels.Core.Agents;

namespace Channels.Agents.OpenAi;

/// <summary>What a service's refusal means for the tenant, in our words: theirs may repeat the key or the conversation.</summary>
internal static class OpenAiAgentErrors
{
    public static AgentOutcome.Failed ToOutcome(ClientResultException refusal) => ToOutcome((HttpStatusCode)refusal.Status, CodeOf(refusal));

    private static AgentOutcome.Failed ToOutcome(HttpStatusCode status, string? code) => (status, code) switch
    {
        (HttpStatusCode.BadRequest, "content_filter" or "content_policy_violation") => Filtered,
        (HttpStatusCode.BadRequest, "context_length_exceeded") =>
            Status(status, "the conversation is longer than the model can read; lower 'max_history_tokens' or shorten 'instructions'"),
        (HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity, _) =>
            Status(status, "it does not take the request as it is; check 'model', 'temperature' and 'max_reply_tokens'"),
        (HttpStatusCode.Unauthorized, _) => Status(status, "it does not know the key; check 'api_key'"),
        (HttpStatusCode.PaymentRequired, _) or (HttpStatusCode.TooManyRequests, "insufficient_quota") => Status(status, "the account behind the key has no credit left"),
        (HttpStatusCode.Forbidden, _) => Status(status, "the key may not use this model"),
        (HttpStatusCode.NotFound, _) => Status(status, "there is no such model or no such address; check 'model' and 'base_url'"),
        (HttpStatusCode.TooManyRequests, _) => Status(status, "it is asked too often; try again later, or raise the limit there"),
        ( >= HttpStatusCode.InternalServerError, _) => Status(status, "it has a fault of its own; try again later"),
        _ => Status(status, "that is no answer to a question; check 'base_url'"),
    };

    /// <summary>The service holds the question or the answer for unfit.</summary>
    public static AgentOutcome.Failed Filtered { get; } = new("agent-content-filter", "The model's content filter held the answer back.");

    /// <summary>More than is read, or more than a reply may have.</summary>
    public static AgentOutcome.Failed TooLong { get; } = new("agent-reply-too-long", "The model's answer is longer than a reply can be.");

    private static AgentOutcome.Failed Status(HttpStatusCode status, string meaning) =>
        new("agent-status", string.Create(CultureInfo.InvariantCulture, $"The model's service answered {(int)status}: {meaning}."));

    // Compared with words we know, never repeated.
    private static string? CodeOf(ClientResultException refusal)
    {
        try
        {
            using var body = JsonDocument.Parse(refusal.GetRawResponse()?.Content ?? BinaryData.Empty);
            return body.RootElement.TryGetProperty("error", out var error) && error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String
                ? code.GetString()
                : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
