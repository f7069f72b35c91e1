using System.Text;
using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Agents;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Channels.Api.Turns;

/// <summary>Turns whose service answered 202: where the answer comes in later.</summary>
internal static class TurnEndpoints
{
    public static void MapTurns(this IEndpointRouteBuilder app)
    {
        var turns = app.MapApiGroup("/api/v1/turns", "Turns", Access.Access.Tenant);
        turns.MapPost("/{id:guid}/reply", ReplyAsync).Repeatable(resumes: true).WithName("ReplyToTurn")
            .WithSummary("The answer to a turn that your agent took with 202; once, within its reply_within_seconds");
    }

    private static async Task<Results<Accepted<TurnReplyAnswer>, Problem>> ReplyAsync(
        Guid id, JsonBody<TurnReply> body, Caller caller, LateTurnQueries turns, IGrainFactory grains,
        CancellationToken cancellationToken)
    {
        if (Complaints(body.Value) is { Count: > 0 } complaints)
        {
            return new Problem(ErrorCatalogue.InvalidFields, null, complaints);
        }

        var reply = body.Value.ToReply();
        var row = await turns.FindAsync(caller.Tenant, id, cancellationToken);
        ConversationRef? asked = null;

        // A conversation that does not know the turn may just have been merged into another: that one is asked, then.
        while (row is { Late: null or { State: LateTurnState.Open } } && row.Conversation != asked)
        {
            asked = row.Conversation;
            var verdict = await grains.GetGrain<IConversationGrain>(row.Conversation.Conversation.Value).ReplyAsync(row.Conversation, new MessageId(id), reply, cancellationToken);
            switch (verdict)
            {
                case LateReplyVerdict.Accepted:
                    return Taken(id, row);
                case LateReplyVerdict.Expired:
                    return Expired(row);
                case LateReplyVerdict.Overtaken:
                    return new Problem(ErrorCatalogue.TurnOvertaken);
            }

            // It ended since we looked, or went elsewhere.
            row = await turns.FindAsync(caller.Tenant, id, cancellationToken);
        }

        return row?.Late switch
        {
            { State: LateTurnState.Answered, AnswerHash: { } hash } when hash.AsSpan().SequenceEqual(reply.Fingerprint()) => Taken(id, row),
            { State: LateTurnState.Answered } => new Problem(ErrorCatalogue.TurnAnswered),
            { State: LateTurnState.Expired } => Expired(row),
            { State: LateTurnState.Overtaken } => new Problem(ErrorCatalogue.TurnOvertaken),
            _ => Problem.NotFound,
        };
    }

    private static List<FieldComplaint> Complaints(TurnReply given)
    {
        var complaints = new List<FieldComplaint>();
        if (string.IsNullOrWhiteSpace(given.Reply) && given.HandOver != true)
        {
            complaints.Add(new("reply", "is missing; give a text, or hand_over as true."));
        }
        else if (given.Reply is { } text && Encoding.UTF8.GetByteCount(text) is var bytes && bytes > AgentOutcome.LongestText)
        {
            complaints.Add(new("reply", $"may have {AgentOutcome.LongestText} bytes of UTF-8; it has {bytes}."));
        }

        if (given.Options is { } options && !AgentOptions.AreValid(options))
        {
            complaints.Add(new("options", AgentOptions.Rule));
        }

        return complaints;
    }

    private static Accepted<TurnReplyAnswer> Taken(Guid turn, LateTurnRow row) => TypedResults.Accepted(
        $"/api/v1/conversations/{row.Conversation.Conversation}/messages", new TurnReplyAnswer(turn, row.Conversation.Conversation.Value, "queued"));

    private static Problem Expired(LateTurnRow row) =>
        new(ErrorCatalogue.TurnExpired, row.Late is { } late ? $"It could be answered until {late.AnswerBy:u} (reply_within_seconds)." : null);
}

/// <summary>What your agent says to a turn it took earlier.</summary>
[NeedsOneOf("reply", "hand_over")]
internal sealed record TurnReply
{
    /// <summary>What to send; at most 65 536 bytes of UTF-8. May be left out with <c>hand_over</c>.</summary>
    public string? Reply { get; init; }

    /// <summary>Whether a person must answer from now on. Default: false.</summary>
    public bool? HandOver { get; init; }

    /// <summary>What the contact may choose from: up to 20 texts of one line. Default: nothing.</summary>
    public IReadOnlyList<string?>? Options { get; init; }

    public LateReply ToReply() => new(string.IsNullOrWhiteSpace(Reply) ? null : Reply, HandOver == true, [.. (Options ?? []).OfType<string>()]);
}

/// <summary>The reply is taken; its status goes on in the conversation's messages.</summary>
internal sealed record TurnReplyAnswer(Guid TurnId, Guid ConversationId, string Status);
