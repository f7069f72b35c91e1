using System.Text.Json;
using System.Text.RegularExpressions;
using Channels.Api.Tests.Host;
using Channels.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Tests.Docs;

/// <summary>The reference for people names all there is, and nothing else.</summary>
public sealed partial class ApiDocumentTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static string Document => File.ReadAllText(Path.Combine(ApiDescriptionTests.RepositoryRoot(), "docs", "api.md"));

    [PostgresFact]
    public void Every_address_stands_in_the_document_and_none_that_there_is_not()
    {
        var mapped = ApiDescriptionTests.Mapped(host.Services.GetRequiredService<EndpointDataSource>()).Order(StringComparer.Ordinal);

        Assert.Equal(mapped, Address().Matches(Document).Select(address => $"{address.Groups["method"].Value} {address.Groups["path"].Value}").Distinct().Order(StringComparer.Ordinal));
    }

    [PostgresFact]
    public async Task Every_member_and_every_parameter_stands_in_the_document()
    {
        var description = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();
        var document = Document;

        var members = description.GetProperty("components").GetProperty("schemas").EnumerateObject()
            .SelectMany(schema => schema.Value.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().Select(member => $"{schema.Name}: {member.Name}") : []);
        var parameters = description.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()
            .SelectMany(method => method.Value.TryGetProperty("parameters", out var all) ? all.EnumerateArray() : [])
            .Where(parameter => parameter.GetProperty("in").GetString() == "query").Select(parameter => $"{path.Name}: {parameter.GetProperty("name").GetString()}"));

        Assert.DoesNotContain(members.Concat(parameters), one => !Regex.IsMatch(document, $@"`{Regex.Escape(one.Split(": ")[1])}[`=]"));
    }

    [PostgresFact]
    public async Task What_hears_the_idempotency_key_is_marked()
    {
        var description = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();

        var hearing = description.GetProperty("paths").EnumerateObject().Where(path => path.Value.TryGetProperty("post", out var post) && post.TryGetProperty("parameters", out var parameters)
            && parameters.EnumerateArray().Any(parameter => parameter.GetProperty("name").GetString() == "Idempotency-Key")).Select(path => $"POST {path.Name}");

        // One mark may stand behind two addresses.
        var marked = Document.Split('\n').SelectMany(line => Marked().Matches(line)).SelectMany(match => Address().Matches(match.Value)).Select(address => $"{address.Groups["method"].Value} {address.Groups["path"].Value}");
        Assert.Equal(hearing.Order(StringComparer.Ordinal), marked.Distinct().Order(StringComparer.Ordinal));
    }

    [PostgresTheory]
    [InlineData("README.md", "docs/api.md")]
    [InlineData("docs/errors.md", "api.md")]
    [InlineData("docs/events.md", "api.md")]
    public void It_is_found_from(string document, string link) =>
        Assert.Contains($"]({link}", File.ReadAllText(Path.Combine(ApiDescriptionTests.RepositoryRoot(), document)), StringComparison.Ordinal);

    [GeneratedRegex(@"`(?<method>GET|POST|PUT|PATCH|DELETE) (?<path>/[^`?]*)[`?]")]
    private static partial Regex Address();

    [GeneratedRegex(@"(`POST /[^`]+`(, )?)+ \*\(I\)\*")]
    private static partial Regex Marked();
}
