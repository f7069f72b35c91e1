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
        Map(app, "/webhooks/{kind}/{channel}/{**rest}", ingress.AcceptAsync).WithName("AcceptWebhook")
            .WithSummary("A provider's webhook: proven by the kind's own scheme, answered once it is committed");
        Map(app, "/api/webhooks/{kind}/{**rest}", ingress.AcceptForAnyAsync).WithName("AcceptWebhookForAnyChannel")
            .WithSummary("A webhook whose body names its account: one address for all channels of a gateway. The secret, in a header or as the path's first part, decides which channel it is");
        MapQuestion(app, "/webhooks/{kind}/{channel}", ingress.ShakeHandsAsync, "VerifyWebhook", "A provider asks whether the address is ours: its challenge, where it shows the channel's verify token");
        MapQuestion(app, "/api/webhooks/{kind}", ingress.ShakeHandsForAnyAsync, "VerifyWebhookForAnyChannel", "The same for the one address of all channels of a kind");
    }

    private static void MapQuestion(IEndpointRouteBuilder app, string pattern, RequestDelegate answer, string name, string summary) =>
        app.MapGet(pattern, http => RefuseBrokenText.RunAsync(http, answer)).WithTags("Webhooks").WithName(name).WithSummary(summary).WithMetadata(answer.Method).ShortCircuit();

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder app, string pattern, RequestDelegate accept) =>
        app.MapPost(pattern, accept).WithTags("Webhooks")
            // A bare delegate tells the API's description nothing by itself.
            .WithMetadata(accept.Method)
            .ShortCircuit();
}
