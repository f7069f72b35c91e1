using Microsoft.AspNetCore.Http;

namespace Channels.Api.Requests;

/// <summary>What every answer but a webhook's says to whoever passes it on: keep no copy, as it may hold a key or somebody's words; and take it for nothing but what it is said to be.</summary>
internal sealed class AnswerHeaders(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        // At the last moment: an answer that became a problem on its way has lost what it had.
        http.Response.OnStarting(static state =>
        {
            var headers = ((HttpResponse)state).Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }, http.Response);
        return next(http);
    }
}
