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
        app.MapPost("/webhooks/{kind}/{channel}/{**rest}", (RequestDelegate)ingress.AcceptAsync)
            .WithName("AcceptWebhook").WithTags("Webhooks")
            .WithSummary("A provider's webhook: proven by the kind's own scheme, answered once it is committed")
            // A bare delegate tells the API's description nothing by itself.
            .WithMetadata(typeof(WebhookIngress).GetMethod(nameof(WebhookIngress.AcceptAsync))!)
            .ShortCircuit();
    }
}
