using Channels.Api.Docs;
using Channels.Api.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Ingress;

/// <summary>Where providers post to. No other middleware runs for it: routing hands the request straight to <see cref="WebhookIngress"/>.</summary>
internal static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder app)
    {
        var ingress = app.ServiceProvider.GetRequiredService<WebhookIngress>();
        var own = new WebhookAddress(IsQuestion: false, IsOfAll: false);
        var any = new WebhookAddress(IsQuestion: false, IsOfAll: true);
        Map(app, "/webhooks/{kind}/{channel_id}", ingress.AcceptAsync, own, "AcceptWebhook", "A provider's webhook: proven by the kind's own scheme, answered once it is committed");
        Map(app, "/webhooks/{kind}/{channel_id}/{**rest}", ingress.AcceptAsync, own, "AcceptWebhookBelow", "The same at any path below, where a provider adds the event's name to the address");
        Map(app, "/api/webhooks/{kind}", ingress.AcceptForAnyAsync, any, "AcceptWebhookForAnyChannel",
            "A webhook whose body names its account: one address for all channels of a gateway. The secret, in a header or as the path's first part, decides which channel it is");
        Map(app, "/api/webhooks/{kind}/{**rest}", ingress.AcceptForAnyAsync, any, "AcceptWebhookForAnyChannelBelow", "The same at any path below; its first part may be the secret");
        MapQuestion(app, "/webhooks/{kind}/{channel_id}", ingress.ShakeHandsAsync, own, "VerifyWebhook", "A provider asks whether the address is ours: its challenge, where it shows the channel's verify token");
        MapQuestion(app, "/api/webhooks/{kind}", ingress.ShakeHandsForAnyAsync, any, "VerifyWebhookForAnyChannel", "The same for the one address of all channels of a kind");
    }

    private static void MapQuestion(IEndpointRouteBuilder app, string pattern, RequestDelegate answer, WebhookAddress address, string name, string summary) =>
        Described(app.MapGet(pattern, http => RefuseBrokenText.RunAsync(http, answer)), answer, address with { IsQuestion = true }, name, summary);

    private static void Map(IEndpointRouteBuilder app, string pattern, RequestDelegate accept, WebhookAddress address, string name, string summary) =>
        Described(app.MapPost(pattern, accept), accept, address, name, summary);

    // A bare delegate tells the API's description nothing by itself.
    private static void Described(IEndpointConventionBuilder endpoint, RequestDelegate handler, WebhookAddress address, string name, string summary) =>
        endpoint.WithTags("Webhooks").WithName(name).WithSummary(summary).WithMetadata(handler.Method, address).ShortCircuit();
}
