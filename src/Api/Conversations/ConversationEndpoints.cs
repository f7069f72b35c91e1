using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Messages;
using Channels.Api.Requests;
using Channels.Core;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Channels.Storage.Database;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Channels.Api.Conversations;

/// <summary>A tenant's conversations: reading them, speaking in them, silencing the agent in them.</summary>
internal static class ConversationEndpoints
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(365);

    public static void MapConversations(this IEndpointRouteBuilder app)
    {
        var conversations = app.MapApiGroup("/api/v1/conversations", "Conversations", Access.Access.Tenant);
        conversations.MapGet("/", ListAsync).WithName("ListConversations").WithSummary("Conversations, the one with the newest message first; filters: channel_id, search");
        conversations.MapGet("/{id:guid}", FindAsync).WithName("GetConversation").WithSummary("One conversation");
        conversations.MapGet("/{id:guid}/messages", MessagesAsync).WithName("ListMessages").WithSummary("The newest messages, oldest first");
        conversations.MapPost("/{id:guid}/messages", SendAsync).Repeatable(resumes: true).WithName("SendMessage").WithSummary("Queues a message to the contact");
        conversations.MapPost("/{id:guid}/pause", PauseAsync).Repeatable().WithName("PauseAgent").WithSummary("Silences the agent here: a person takes over");
        conversations.MapPost("/{id:guid}/resume", ResumeAsync).Repeatable().WithName("ResumeAgent").WithSummary("Lets the agent speak again, and has messages tried to a contact who was out of reach");
    }

    private static async Task<Ok<ConversationList>> ListAsync(
        ChannelQuery channel, PageRequest page, string? search, Caller caller, ConversationQueries conversations, ReplyWindows windows, CancellationToken cancellationToken)
    {
        var found = await conversations.ListAsync(caller.Tenant, channel.Account, search, page.Page, cancellationToken);
        var windowOf = await windows.ReadAsync(caller.Tenant, found.Items, cancellationToken);
        return TypedResults.Ok(new ConversationList([.. found.Items.Select(one => ConversationAnswer.Of(one, windowOf(one)))], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Ok<ConversationAnswer>, Problem>> FindAsync(
        Guid id, Caller caller, ConversationQueries conversations, ReplyWindows windows, CancellationToken cancellationToken) =>
        await conversations.FindAsync(caller.Tenant, new ConversationId(id), cancellationToken) is { } found
            ? TypedResults.Ok(ConversationAnswer.Of(found, await windows.FindAsync(caller.Tenant, found, cancellationToken)) with
            {
                WaitsFor = WaitAnswer.Of(await conversations.WaitOfAsync(caller.Tenant, found, cancellationToken)),
            })
            : Problem.NotFound;

    private static async Task<Results<Ok<MessageList>, Problem>> MessagesAsync(
        Guid id, [Most(1000)] PageRequest page, Caller caller, ConversationQueries conversations, MessageQueries messages, Waits waits, CancellationToken cancellationToken)
    {
        if (await conversations.FindAsync(caller.Tenant, new ConversationId(id), cancellationToken) is not { } conversation)
        {
            return Problem.NotFound;
        }

        var found = await messages.ListAsync(caller.Tenant, conversation.Id, page.Page, cancellationToken);
        var waiting = await waits.ReadAsync(caller.Tenant, conversation.Account, conversation.Id, found.Items, cancellationToken);
        return TypedResults.Ok(new MessageList(
            conversation.Id.Value, [.. found.Items.Select(message => MessageAnswer.Of(message) with { Waiting = waiting.GetValueOrDefault(message.Id) })], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Accepted<SentAnswer>, Problem>> SendAsync(
        Guid id, JsonBody<OutboundForm> body, HttpContext http, Caller caller, ConversationQueries conversations, ChannelStore channels, OutboundSending sending,
        CancellationToken cancellationToken)
    {
        if (await conversations.FindAsync(caller.Tenant, new ConversationId(id), cancellationToken) is not { } conversation
            || await channels.FindAsync(caller.Tenant, conversation.Account, cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        var (answer, problem) = await sending.QueueAsync(http, caller, channel, body.Value, Author.Person, OutboundSending.Destination.Of(conversation.Id), cancellationToken);
        return answer is null ? problem! : TypedResults.Accepted($"/api/v1/messages/{answer.Id}", answer);
    }

    private static async Task<Results<Ok<ConversationAnswer>, Problem>> PauseAsync(
        Guid id, JsonBody<PauseAgent> body, Caller caller, ConversationQueries conversations, ReplyWindows windows, IGrainFactory grains, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (body.Value.Seconds is { } seconds && !(seconds >= 1 && seconds <= LongestPause.TotalSeconds && double.IsInteger(seconds)))
        {
            return Problem.Field(ErrorCatalogue.InvalidFields, "seconds", $"must be whole seconds from 1 to {LongestPause.TotalSeconds:0}.");
        }

        var until = body.Value.Seconds is { } length ? clock.GetUtcNow() + TimeSpan.FromSeconds(length) : AgentPause.UntilResumed;
        return await SetPauseAsync(id, until, caller, conversations, windows, grains, cancellationToken);
    }

    private static Task<Results<Ok<ConversationAnswer>, Problem>> ResumeAsync(
        Guid id, Caller caller, ConversationQueries conversations, ReplyWindows windows, IGrainFactory grains, CancellationToken cancellationToken) =>
        SetPauseAsync(id, null, caller, conversations, windows, grains, cancellationToken);

    private static async Task<Results<Ok<ConversationAnswer>, Problem>> SetPauseAsync(
        Guid id, DateTimeOffset? until, Caller caller, ConversationQueries conversations, ReplyWindows windows, IGrainFactory grains, CancellationToken cancellationToken)
    {
        ConversationId? told = null;
        try
        {
            while (await conversations.FindAsync(caller.Tenant, new ConversationId(id), cancellationToken) is { } conversation)
            {
                if (conversation.Id == told)
                {
                    var answered = conversation with { PausedUntil = until, OutOfReach = until is null ? null : conversation.OutOfReach };
                    return TypedResults.Ok(ConversationAnswer.Of(answered, await windows.FindAsync(caller.Tenant, conversation, cancellationToken)));
                }

                // Looked up once more afterwards: it may have gone into another meanwhile, whose agent goes on.
                told = conversation.Id;
                await grains.GetGrain<IConversationGrain>(told.Value.Value).PauseAsync(RefTo(caller, conversation), until);
            }

            return Problem.NotFound;
        }
        catch (Exception failure) when (told is not null && failure is (StoreUnavailableException or ShareTakenException))
        {
            // What these are answered with says that nothing was done.
            return new Problem(ErrorCatalogue.Busy);
        }
    }

    private static ConversationRef RefTo(Caller caller, ConversationRow conversation) => new(caller.Tenant, conversation.Account, conversation.Id);
}
