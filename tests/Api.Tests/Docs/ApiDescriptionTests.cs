using Channels.Api.Tests.Host;
using Channels.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Tests.Docs;

public sealed class ApiDescriptionTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task Every_endpoint_is_described()
    {
        var document = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();

        var described = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}")).ToHashSet();
        var mapped = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Select(method => (method, Path: Plain(endpoint))) ?? [])
            .Where(mapped => !mapped.Path.StartsWith("/openapi", StringComparison.Ordinal) && mapped.Path != "/docs")
            .Select(mapped => $"{mapped.method} {mapped.Path}");
        Assert.Empty(mapped.Except(described));
    }

    [PostgresTheory]
    [InlineData("/api/channels", "get", "X-Tenant-Id", true)]
    [InlineData("/api/v1/channels", "get", "X-Tenant-Id", true)]
    [InlineData("/api/v1/tenants", "get", "X-Tenant-Id", false)]
    [InlineData("/api/v1/tenants", "post", "Idempotency-Key", true)]
    public async Task Headers_are_described_where_they_are_heard(string path, string method, string header, bool isHeard)
    {
        var document = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();

        var operation = document.GetProperty("paths").GetProperty(path).GetProperty(method);
        var described = operation.TryGetProperty("parameters", out var parameters) && parameters.EnumerateArray().Any(one => one.GetProperty("name").GetString() == header);
        Assert.Equal(isHeard, described);
    }

    [PostgresFact]
    public async Task The_page_needs_nothing_from_elsewhere()
    {
        var page = await (await host.Client().GetAsync("/docs")).Content.ReadAsStringAsync();

        Assert.Contains("/openapi/v1.json", page, StringComparison.Ordinal);
        Assert.Contains("idempotency_key_reused", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
    }

    private static string Plain(RouteEndpoint endpoint) =>
        System.Text.RegularExpressions.Regex.Replace(endpoint.RoutePattern.RawText!, @"\{\**([a-z]+)(:[a-z]+)?\}", "{$1}").TrimEnd('/') is { Length: > 0 } path ? path : "/";
}
