using Channels.Api.Access;
using Channels.Api.Requests;
using Channels.Core.Connectors;
using Channels.Storage.Channels;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Conversations;

/// <summary>Conversations under the name and in the shape that integrators know.</summary>
internal static class SessionEndpoints
{
    public static void MapSessions(this IEndpointRouteBuilder app) =>
        app.MapApiGroup("/api/sessions", "Conversations", Access.Access.Tenant)
            .MapGet("/", ListAsync).WithName("ListSessions").WithSummary("Conversations in the integrators' shape; filters: channel_id, search");

    private static async Task<Ok<SessionList>> ListAsync(
        ChannelQuery channel, PageRequest page, string? search, Caller caller, ConversationQueries conversations, ChannelStore channels, IConnectorCatalog kinds,
        CancellationToken cancellationToken)
    {
        var found = await conversations.ListAsync(caller.Tenant, channel.Account, search, page.Page, cancellationToken);
        var kindOf = await channels.KindsAsync(caller.Tenant, [.. found.Items.Select(one => one.Account).Distinct()], cancellationToken);
        return TypedResults.Ok(new SessionList(
            [.. found.Items.Select(one => SessionAnswer.Of(one, NetworkOf(kindOf.GetValueOrDefault(one.Account), kinds)))], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static string? NetworkOf(string? kind, IConnectorCatalog kinds) => kind is null ? null : kinds.Find(kind)?.Manifest.Network ?? kind;
}

/// <summary>A conversation as integrators know it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="PhoneNumber">The contact's number in digits; null where it is not known.</param>
/// <param name="Channel">The network: <c>whatsapp, telegram</c>…</param>
/// <param name="SenderName">The contact's own name, where known.</param>
/// <param name="PromptContext">Free text for the agent.</param>
/// <param name="CreatedAt">When the first message came.</param>
internal sealed record SessionAnswer(Guid Id, string? PhoneNumber, string? Channel, string? SenderName, string? PromptContext, DateTimeOffset CreatedAt)
{
    public static SessionAnswer Of(ConversationRow row, string? network) =>
        new(row.Id.Value, row.ContactPhone, network, row.ContactName, row.PromptContext, row.CreatedAt);
}

/// <summary>A page of them, the one with the newest message first.</summary>
internal sealed record SessionList(IReadOnlyList<SessionAnswer> Sessions, long Total, int Page, int Limit);
