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

    public static void MapEvents(this IEndpointRouteBuilder app)
    {
        var events = app.MapApiGroup("/api/v1/events", "Events", Access.Access.Tenant);
        events.MapGet("/", ReadAsync).WithName("ReadEvents")
            .WithSummary("Events after a cursor, none ever skipped unsaid: 410 when some of them are no longer kept; without a cursor from the oldest kept, with after=now from what happens next. Give back the answer's cursor as 'after'");
    }

    private static async Task<Results<Ok<EventList>, Problem>> ReadAsync(
        string? after, [Most(1000)] PageRequest page, Caller caller, EventQueries events, CancellationToken cancellationToken)
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

        return await events.ReadAsync(caller.Tenant, from, page.Page.Limit, cancellationToken) switch
        {
            EventReading.Page found => TypedResults.Ok(new EventList([.. found.Events.Select(EventAnswer.Of)], found.Next.ToString(), found.More)),
            EventReading.Gone gone => Missed(string.Create(
                CultureInfo.InvariantCulture, $"has not seen events up to {gone.Until:yyyy-MM-dd'T'HH:mm:ss'Z'}, which are past their keep and were deleted; what came later is kept.")),
            _ => Missed("is ahead of everything this store ever held: the store was restored from a backup. What happened after that backup cannot be told."),
        };
    }

    private static Problem Missed(string why) => Problem.Field(ErrorCatalogue.EventsGone, "after", why);
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
