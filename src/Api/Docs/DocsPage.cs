using System.Text.Json;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Docs;

/// <summary>A page to read the API's description on. One file, nothing from elsewhere.</summary>
internal static class DocsPage
{
    private const string Resource = "Channels.Api.Docs.docs.html";
    private const string ErrorsPlace = "__ERRORS__";

    public static void MapDocs(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi("/openapi/{documentName}.json");
        var page = Read();
        app.MapGet("/docs", (HttpContext http) => Show(http, page)).ExcludeFromDescription();
    }

    private static IResult Show(HttpContext http, string page)
    {
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
        return Results.Text(page, "text/html; charset=utf-8");
    }

    private static string Read()
    {
        using var reader = new StreamReader(typeof(DocsPage).Assembly.GetManifestResourceStream(Resource)!);
        return reader.ReadToEnd().Replace(ErrorsPlace, JsonSerializer.Serialize(ErrorCatalogue.All, ApiJson.Options), StringComparison.Ordinal);
    }
}
