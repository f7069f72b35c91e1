using System.Text.Json;
using System.Text.Json.Serialization;
using Channels.Api.Access;
using Channels.Api.Conversations;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Channels;

/// <summary>Lets a tenant play the contact of a simulator channel. The message goes the way of every webhook, from the inbox on.</summary>
internal static class SimulationEndpoints
{
    private const string Simulator = "simulator";
    private const int LongestWait = 60;

    public static void MapSimulation(this IEndpointRouteBuilder channels) =>
        channels.MapPost("/{id:guid}/simulate", SimulateAsync).Repeatable().WithName("SimulateMessage")
            .WithSummary("A message from a made-up contact; answers once it is committed, with ?wait=SECONDS once it is replied to");

    private static async Task<Results<Accepted<SimulateAnswer>, Problem>> SimulateAsync(
        Guid id, JsonBody<SimulateMessage> body, int? wait, Caller caller, ChannelStore channels, IInbox inbox, IdSource ids, TimeProvider clock,
        SimulatedReplies replies, CancellationToken cancellationToken)
    {
        var account = new AccountId(id);
        if (await channels.FindAsync(caller.Tenant, account, cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        if (channel.Kind != Simulator)
        {
            return new Problem(ErrorCatalogue.WrongKind, "Only simulator channels take simulated messages.");
        }

        if (wait < 0)
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, "wait", $"must be a whole number of seconds from 0; more than {LongestWait} are taken as {LongestWait}.");
        }

        if (Complaints(body.Value) is { Count: > 0 } complaints)
        {
            return new Problem(ErrorCatalogue.InvalidFields, null, complaints);
        }

        var message = body.Value with { MessageId = body.Value.MessageId ?? $"sim-{ids.Next():N}" };
        var webhook = JsonSerializer.SerializeToUtf8Bytes(message, ApiJson.Options);
        await inbox.AppendAsync(new(caller.Tenant, account, new WebhookId(ids.Next()), clock.GetUtcNow(), "", webhook), cancellationToken);
        var conversations = $"/api/v1/conversations?channel_id={id}&search={Uri.EscapeDataString(message.From)}";
        var found = wait is { } seconds
            ? await replies.AwaitAsync(caller.Tenant, account, message.From, message.MessageId, TimeSpan.FromSeconds(Math.Min(seconds, LongestWait)), cancellationToken)
            : null;
        return TypedResults.Accepted(conversations, new SimulateAnswer(message.MessageId, id, conversations, found));
    }

    private static List<FieldComplaint> Complaints(SimulateMessage message)
    {
        var complaints = new List<FieldComplaint>();
        if (Names.Complaint("from", message.From) is { } from)
        {
            complaints.Add(from);
        }

        if (string.IsNullOrWhiteSpace(message.Text))
        {
            complaints.Add(new("text", "is empty; write something."));
        }

        if (message.MessageId is { } id && Names.Complaint("message_id", id) is { } wrongId)
        {
            complaints.Add(wrongId);
        }

        return complaints;
    }
}

/// <summary>A message from a made-up contact: the simulator's own webhook body.</summary>
internal sealed record SimulateMessage
{
    /// <summary>Who writes: any id, for example a phone number.</summary>
    public required string From { get; init; }

    /// <summary>What they write.</summary>
    public required string Text { get; init; }

    /// <summary>The message's id at the provider; the same id twice is one message. Absent: one is made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MessageId { get; init; }

    /// <summary>The contact's name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }
}

/// <summary>The message is committed; its reply will appear in the conversation, and here when it was waited for.</summary>
internal sealed record SimulateAnswer(
    string MessageId, Guid ChannelId, string Conversations, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<MessageAnswer>? Replies);
