using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Channels.Api.Messages;

/// <summary>Messages that an account begins, or goes on with, at the wish of a person or a program. In this API a channel is an account with its connector.</summary>
internal static class AccountMessageEndpoints
{
    private const string About = """
        Queues a message of any type the channel's kind can send (its capabilities, GET /api/channels). 202 says that it is committed and will be sent, in order with
        the conversation's other messages and at the rate the provider allows; GET /api/v1/messages/{id} says where it stands. With an Idempotency-Key the request
        may be repeated: one message is sent.
        """;

    private const int LongestAddress = 512;

    public static void MapAccountMessages(this IEndpointRouteBuilder app) =>
        app.MapApiGroup("/api/v1/accounts", "Messages", Access.Access.Tenant)
            .MapPost("/{id:guid}/messages", SendAsync).Repeatable(resumes: true).WithName("SendFromAccount").WithSummary("Queues a message to an address or a conversation")
            .WithDescription(About.ReplaceLineEndings(" "));

    private static async Task<Results<Accepted<SentAnswer>, Problem>> SendAsync(
        Guid id, JsonBody<AccountMessageForm> body, HttpContext http, Caller caller, ChannelStore channels, ConversationQueries conversations, IConnectorCatalog connectors,
        OutboundSending sending, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (await channels.FindAsync(caller.Tenant, new AccountId(id), cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        var form = body.Value;
        if (AuthorOf(form.Author) is not { } author)
        {
            return Problem.Field(ErrorCatalogue.InvalidFields, "author", "must be person or program.");
        }

        if ((form.To is null) == (form.ConversationId is null))
        {
            return Problem.Field(ErrorCatalogue.InvalidFields, "to", "give either to, an address, or conversation_id.");
        }

        OutboundSending.Destination destination;
        if (form.ConversationId is { } known)
        {
            if (await conversations.FindAsync(caller.Tenant, new ConversationId(known), cancellationToken) is not { } row || row.Account != channel.Account)
            {
                return Problem.Field(ErrorCatalogue.InvalidFields, "conversation_id", "is no conversation of this account.");
            }

            destination = OutboundSending.Destination.Of(row.Id);
        }
        else
        {
            if (AddressOf(connectors.Find(channel.Kind), form.To!) is not { } address)
            {
                var wanted = (connectors.Find(channel.Kind) as IAddressing)?.AddressForm ?? $"the chat's id at the provider, of 1 to {LongestAddress} characters";
                return Problem.Field(ErrorCatalogue.InvalidFields, "to", $"is no address here; give {wanted}.");
            }

            destination = new(
                () => conversations.FindByAliasAsync(caller.Tenant, channel.Account, address.ChatId, cancellationToken),
                () => grains.GetGrain<IAccountGrain>(channel.Account.Value).OpenChatAsync(caller.Tenant, address.ChatId, address.ChatType, address.Phone, cancellationToken));
        }

        var (answer, problem) = await sending.QueueAsync(http, caller, channel, form, author, destination, cancellationToken);
        return answer is null ? problem! : TypedResults.Accepted($"/api/v1/messages/{answer.Id}", answer);
    }

    private static Author? AuthorOf(string? written) => written switch
    {
        null or "person" => Author.Person,
        "program" => Author.Program,
        _ => null,
    };

    private static ChatAddress? AddressOf(IConnector? connector, string written) =>
        written.Length is 0 or > LongestAddress ? null
        : connector is IAddressing addressing ? addressing.AddressOf(written)
        : new(written);
}
