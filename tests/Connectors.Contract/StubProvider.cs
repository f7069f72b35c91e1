using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Connectors.Contract;

/// <summary>A provider on loopback that gives one answer to everything, and says back whatever it was told: a bad one, for seeing what a sender makes of it.</summary>
internal sealed class StubProvider : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubProvider(WebApplication app) => _app = app;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Requests that came.</summary>
    public int Calls { get; private set; }

    /// <param name="status">Null breaks the connection off once the request has been read.</param>
    /// <param name="retryAfter">Seconds of a <c>Retry-After</c>.</param>
    /// <param name="body">The body; null for one that repeats the request with its headers.</param>
    public static async Task<StubProvider> StartAsync(int? status, int? retryAfter = null, string? body = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var stub = new StubProvider(app);
        app.Run(http => stub.AnswerAsync(http, status, retryAfter, body));
        await app.StartAsync();
        return stub;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http, int? status, int? retryAfter, string? body)
    {
        Calls++;
        using var reader = new StreamReader(http.Request.Body);
        var said = await reader.ReadToEndAsync();
        if (status is null)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = status.Value;
        http.Response.ContentType = "application/json";
        if (retryAfter is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var words = $"{http.Request.Path}{http.Request.QueryString} {string.Join(' ', http.Request.Headers.Select(header => $"{header.Key}: {header.Value}"))} {said}";
        await http.Response.WriteAsync(body ?? System.Text.Json.JsonSerializer.Serialize(new { ok = false, status, error = words, message = words, description = words }));
    }
}
