using Channels.Api.Access;
using Channels.Api.Conversations;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Messages;

/// <summary>One message, wherever it stands.</summary>
internal static class MessageEndpoints
{
    private const string About = """
        Each step the message has taken, oldest first, with when and, where something is wrong, what, since when and which button to press. A message of a
        contact is followed through its turn to its replies; steps of a reply carry its message_id. A step that must come next is shown as pending, without a
        time; what follows from it is left out until then. delivered and read are there once the provider tells: not every provider or contact does. posted
        is there when the provider gave a time of its own. Messages from before version 0017 of the schema lack what was not recorded then.
        state of a step: done, pending (comes by itself), waiting (held up: see what, next_step, and waiting with the
        reason as a word), failed, unknown (may have left). state of the whole:
        done, in_progress, or attention when problem says what to do.
        """;

    public static void MapMessages(this IEndpointRouteBuilder app)
    {
        var messages = app.MapApiGroup("/api/v1/messages", "Messages", Access.Access.Tenant);
        messages.MapGet("/", ListAsync).WithName("ListOpenMessages").WithSummary("Messages that may have left, newest first: those that wait for a person's word; status=unknown, filter: channel_id")
            .WithDescription("status must be unknown: messages of any other status are in their conversations. However old they are: each is listed until it is settled, redriven, or past its keep.");
        messages.MapGet("/{id:guid}", FindAsync).WithName("GetMessage").WithSummary("A message, with its place in the queue while it waits to be sent");
        messages.MapGet("/{id:guid}/timeline", TimelineAsync).WithName("GetMessageTimeline")
            .WithSummary("A message's way, from the provider's post to the reply that was read").WithDescription(About.ReplaceLineEndings(" "));
        messages.MapOutcomes();
    }

    private static async Task<Results<Ok<PlacedMessageList>, Problem>> ListAsync(
        ChannelQuery channel, PageRequest page, string? status, Caller caller, MessageQueries messages, CancellationToken cancellationToken)
    {
        if (status != "unknown")
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, "status", "must be unknown; messages of any other status are listed in their conversations.");
        }

        var found = await messages.ListUnknownAsync(caller.Tenant, channel.Account, page.Page, cancellationToken);
        return TypedResults.Ok(new PlacedMessageList(
            [.. found.Items.Select(one => new PlacedMessageAnswer(one.Conversation.Value, one.Account.Value, MessageAnswer.Of(one.Message), null))],
            found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Ok<PlacedMessageAnswer>, Problem>> FindAsync(
        Guid id, Caller caller, MessageQueries messages, ChannelStore channels, Waits waits, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (await messages.FindAsync(caller.Tenant, new MessageId(id), cancellationToken) is not { } placed)
        {
            return Problem.NotFound;
        }

        var message = MessageAnswer.Of(placed.Message);
        if (placed.Queue is not { } place)
        {
            return TypedResults.Ok(new PlacedMessageAnswer(placed.Conversation.Value, placed.Account.Value, message, null));
        }

        var channel = await channels.FindAsync(caller.Tenant, placed.Account, cancellationToken);
        var waiting = await waits.ReadAsync(channel, placed.Account, placed.Conversation, [placed.Message], cancellationToken);
        return TypedResults.Ok(new PlacedMessageAnswer(
            placed.Conversation.Value, placed.Account.Value, message with { Waiting = waiting.GetValueOrDefault(placed.Message.Id) },
            new(place.Position, place.Attempts, place.NextAttemptAt, place.Reason, Hold.OfReply(placed.Message.SuspendedAt, channel, clock.GetUtcNow()))));
    }

    private static async Task<Results<Ok<TimelineAnswer>, Problem>> TimelineAsync(
        Guid id, Caller caller, TimelineQueries timelines, ChannelStore channels, Waits waits, TimeProvider clock, CancellationToken cancellationToken)
    {
        var rows = await timelines.FindAsync(caller.Tenant, new MessageId(id), cancellationToken);
        if (rows.IsEmpty)
        {
            return Problem.NotFound;
        }

        var channel = await channels.FindAsync(caller.Tenant, rows[0].Account, cancellationToken);
        var live = await waits.AskAsync(channel, rows[0].Account, rows[0].Conversation, [.. rows.Select(WaitingReply.Of).OfType<WaitingReply>()], cancellationToken);
        return TypedResults.Ok(Timeline.Of(rows, channel, live, clock.GetUtcNow()));
    }
}
