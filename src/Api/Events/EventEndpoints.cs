using System.Globalization;
using System.Text.Json;
using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Events;

/// <summary>What happened, for programs that follow along.</summary>
internal static class EventEndpoints
{
    /// <summary>In the place of a cursor: nothing of what was.</summary>
    private const string Now = "now";

    private const string About = """
        Types, with the members of data in brackets: message.received, message.sent_elsewhere, message.media_stored (media_id),
        message.media_missing (media_missing: why), delivery.updated (status), conversation.handed_over (reason), conversation.given_back,
        conversation.unreachable (reason), conversation.reachable, channel.account.status_changed (status, code, reason),
        channel.account.throttled (held_until or slowed_until, reason), channel.connector.status_changed (connector_id, status, code, reason).
        More may be added. When each of them happens is in docs/events.md.
        """;

    public static void MapEvents(this IEndpointRouteBuilder app)
    {
        var events = app.MapApiGroup("/api/v1/events", "Events", Access.Access.Tenant);
        events.MapGet("/", ReadAsync).WithName("ReadEvents")
            .WithSummary("Events after a cursor, none ever skipped unsaid: 410, with a cursor to go on with, when some of them are no longer kept; without a cursor from the oldest kept, with after=now from what happens next. Give back the answer's cursor as 'after'")
            .WithDescription(About.ReplaceLineEndings(" "));
    }

    private static async Task<Results<Ok<EventList>, Problem>> ReadAsync(
        string? after, [Most(1000)] LimitRequest rows, Caller caller, EventQueries events, CancellationToken cancellationToken)
    {
        if (after == Now)
        {
            return TypedResults.Ok(new EventList([], (await events.NowAsync(caller.Tenant, cancellationToken)).ToString(), More: false));
        }

        EventCursor? from = null;
        if (!string.IsNullOrEmpty(after) && (from = EventCursor.Parse(after)) is null)
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, "after", "must be the cursor of an earlier answer, or now.");
        }

        return await events.ReadAsync(caller.Tenant, from, rows.Limit, cancellationToken) switch
        {
            EventReading.Page found => TypedResults.Ok(new EventList([.. found.Events.Select(EventAnswer.Of)], found.Next.ToString(), found.More)),
            EventReading.Gone gone => Missed(gone.Next, string.Create(
                CultureInfo.InvariantCulture,
                $"has not seen events that were past their keep and were deleted. The created_at of the last of them was {gone.Until:yyyy-MM-dd'T'HH:mm:ss'Z'}; what became of a message has that of the message. The rest is kept, and follows the cursor given here.")),
            EventReading.FromElsewhere restored => Missed(
                restored.Next,
                "is ahead of everything this store ever held: the store was restored from a backup. What happened between that backup and then cannot be told. The cursor given here begins with the oldest event that is kept: those from before the backup come once more, with the ids they had."),
            _ => throw new InvalidOperationException("The family of what comes of reading events is closed."),
        };
    }

    private static Problem Missed(EventCursor next, string why) =>
        new(ErrorCatalogue.EventsGone, errors: [new FieldComplaint("after", why)]) { Cursor = next.ToString() };
}

/// <summary>Something that happened.</summary>
internal sealed record EventAnswer(
    string Cursor, Guid Id, string Type, Guid? ChannelId, Guid? ConversationId, Guid? MessageId, JsonElement? Data, DateTimeOffset CreatedAt)
{
    public static EventAnswer Of(EventRow row) =>
        new(row.Cursor.ToString(), row.Cursor.Id, row.Type, row.Account, row.Conversation, row.Message, row.Data, row.At);
}

/// <summary>Events, the cursor to go on with, and whether more wait already.</summary>
internal sealed record EventList(IReadOnlyList<EventAnswer> Events, string Cursor, bool More);
