using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Paging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Pairing;

/// <summary>The paths integrators call for "the" WhatsApp of a tenant: the channel that <c>channel_id</c> names, or the only one there is.</summary>
internal static class WhatsAppEndpoints
{
    private const string Network = "whatsapp";
    private const int MostNamed = 20;

    public static void MapWhatsApp(this IEndpointRouteBuilder app)
    {
        var whatsapp = app.MapApiGroup("/api/channels/whatsapp", "WhatsApp", Access.Access.Tenant);
        whatsapp.MapGet("/status", StatusAsync).WithName("GetWhatsAppStatus").WithSummary("As GET /api/v1/channels/{id}/pairing");
        whatsapp.MapPost("/connect", ConnectAsync).WithName("ConnectWhatsApp").WithSummary("As POST /api/v1/channels/{id}/pairing");
        whatsapp.MapPost("/disconnect", DisconnectAsync).WithName("DisconnectWhatsApp").WithSummary("As DELETE /api/v1/channels/{id}/pairing");
    }

    private static Task<Results<Ok<PairingAnswer>, Problem>> StatusAsync(
        ChannelQuery named, Caller caller, ChannelStore channels, IConnectorCatalog kinds, Pairings pairings, CancellationToken cancellationToken) =>
        WithChannelAsync(named, caller, channels, kinds, channel => pairings.WatchAsync(caller.Tenant, channel, cancellationToken), cancellationToken);

    private static async Task<Results<Ok<PairingAnswer>, Problem>> ConnectAsync(
        ChannelQuery named, JsonBody<StartPairing> body, Caller caller, ChannelStore channels, IConnectorCatalog kinds, Pairings pairings,
        CancellationToken cancellationToken) =>
        PhoneNumber.TryRead(body.Value.PhoneNumber, out var number)
            ? await WithChannelAsync(named, caller, channels, kinds, channel => pairings.StartAsync(caller.Tenant, channel, number, kind: null, cancellationToken), cancellationToken)
            : PhoneNumber.Complaint;

    private static Task<Results<Ok<PairingAnswer>, Problem>> DisconnectAsync(
        ChannelQuery named, Caller caller, ChannelStore channels, IConnectorCatalog kinds, Pairings pairings, CancellationToken cancellationToken) =>
        WithChannelAsync(
            named, caller, channels, kinds, channel => pairings.LogOutAsync(caller.Tenant, channel, remove: false, cancellationToken), cancellationToken);

    private static async Task<Results<Ok<PairingAnswer>, Problem>> WithChannelAsync(
        ChannelQuery named, Caller caller, ChannelStore channels, IConnectorCatalog kinds, Func<Guid, Task<Results<Ok<PairingAnswer>, Problem>>> act,
        CancellationToken cancellationToken)
    {
        if (named.Account is { } channel)
        {
            return await act(channel.Value);
        }

        var found = await OfNetworkAsync(caller.Tenant, channels, kinds, cancellationToken);
        return found switch
        {
            [] => new Problem(ErrorCatalogue.NotFound, "This tenant has no WhatsApp channel; make one with POST /api/v1/channels."),
            [var only] => await act(only.Account.Value),
            _ => new Problem(ErrorCatalogue.SeveralChannels, null, [.. found.Select(one => new FieldComplaint("channel_id", $"could be {one.Account} ({one.Name})."))]),
        };
    }

    private static async Task<List<ChannelDetails>> OfNetworkAsync(TenantId tenant, ChannelStore channels, IConnectorCatalog kinds, CancellationToken cancellationToken)
    {
        var found = new List<ChannelDetails>();
        foreach (var kind in kinds.All.Where(kind => kind.Manifest.Network == Network))
        {
            found.AddRange((await channels.ListAsync(tenant, new(kind.Manifest.Id, null, null), new Page(1, MostNamed), cancellationToken)).Items);
        }

        return found;
    }
}
