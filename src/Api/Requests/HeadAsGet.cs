using Microsoft.AspNetCore.Http;

namespace Channels.Api.Requests;

/// <summary>A <c>HEAD</c> is the <c>GET</c> of the same address; the server leaves the body out. Load balancers and watchers ask so.</summary>
/// <remarks>Before routing, which knows but <c>GET</c>. Not at the addresses of webhooks: there a <c>GET</c> is a provider's question, and its answer the body.</remarks>
internal sealed class HeadAsGet(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (HttpMethods.IsHead(http.Request.Method) && !IsOfWebhooks(http.Request.Path))
        {
            http.Request.Method = HttpMethods.Get;
        }

        return next(http);
    }

    private static bool IsOfWebhooks(PathString path) => path.StartsWithSegments("/webhooks") || path.StartsWithSegments("/api/webhooks");
}
