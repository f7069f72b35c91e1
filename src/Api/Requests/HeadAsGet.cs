using Microsoft.AspNetCore.Http;

namespace Channels.Api.Requests;

/// <summary>A <c>HEAD</c> is the <c>GET</c> of the same address; the server leaves the body out. Load balancers and watchers ask so.</summary>
/// <remarks>
/// Before routing, which knows but <c>GET</c>. Not at the addresses of webhooks: there a <c>GET</c> is a provider's question, and its answer the body. Nor where a <c>GET</c> is
/// dear: a file would be read for nobody, and a gateway asked for a code.
/// </remarks>
internal sealed class HeadAsGet(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (HttpMethods.IsHead(http.Request.Method) && !IsLeftOut(http.Request.Path))
        {
            http.Request.Method = HttpMethods.Get;
        }

        return next(http);
    }

    private static bool IsLeftOut(PathString path) =>
        path.StartsWithSegments("/webhooks") || path.StartsWithSegments("/api/webhooks") || path.StartsWithSegments("/api/v1/media") || path.StartsWithSegments("/api/channels/whatsapp")
        || path.Value?.EndsWith("/pairing", StringComparison.Ordinal) == true;
}
