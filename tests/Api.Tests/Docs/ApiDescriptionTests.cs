using System.Text.Json;
using System.Text.Json.Serialization;
using Channels.Api.Requests;
using Channels.Api.Tests.Host;
using Channels.Testing;
using Microsoft.AspNetCore.Http.Metadata;
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

    [PostgresTheory]
    [InlineData("/api/v1/channels", "200")]
    [InlineData("/api/v1/events", "1000")]
    [InlineData("/api/v1/conversations/{id}/messages", "1000")]
    public async Task The_most_rows_of_a_list_are_described(string path, string most)
    {
        var document = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();

        var limit = document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("parameters").EnumerateArray().Single(one => one.GetProperty("name").GetString() == "limit");
        Assert.EndsWith($" {most}.", limit.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData("/api/v1/conversations", "get", "channel_id,limit,page,search")]
    [InlineData("/api/sessions", "get", "channel_id,limit,page,search")]
    [InlineData("/api/v1/ledger", "get", "channel_id,limit,page")]
    [InlineData("/api/v1/parked-webhooks", "get", "channel_id,limit,page")]
    [InlineData("/api/v1/parked-webhooks", "delete", "cause,channel_id,channel_type")]
    [InlineData("/api/v1/parked-webhooks/groups", "get", "by,cause,channel_id,channel_type,limit,page")]
    [InlineData("/api/channels/whatsapp/status", "get", "channel_id")]
    [InlineData("/api/channels/whatsapp/connect", "post", "channel_id")]
    [InlineData("/api/channels/whatsapp/disconnect", "post", "channel_id")]
    [InlineData("/api/v1/events", "get", "after,limit")]
    public async Task What_is_read_from_the_query_is_described(string path, string method, string names)
    {
        var document = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();

        var described = document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("parameters").EnumerateArray()
            .Where(one => one.GetProperty("in").GetString() == "query").Select(one => one.GetProperty("name").GetString()!).Order(StringComparer.Ordinal);
        Assert.Equal(names.Split(','), described);
    }

    [PostgresFact]
    public void Handlers_read_the_query_by_what_describes_itself()
    {
        var api = Path.Combine(RepositoryRoot(), "src", "Api");

        var others = Directory.EnumerateFiles(api, "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetDirectoryName(file) != Path.Combine(api, "Requests"))
            .Where(file => File.ReadAllText(file).Replace(".QueryString", "", StringComparison.Ordinal).Contains("equest.Query", StringComparison.Ordinal));

        Assert.Empty(others);
    }

    [PostgresFact]
    public void No_two_records_share_the_name_of_a_schema() =>
        Assert.Empty(Described().GroupBy(type => type.Name, StringComparer.Ordinal).Where(same => same.Count() > 1).Select(same => string.Join(", ", same)));

    [PostgresFact]
    public async Task What_is_left_out_when_it_is_null_is_not_required()
    {
        var schemas = (await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync()).GetProperty("components").GetProperty("schemas");

        var wrong = Described().Where(type => schemas.TryGetProperty(type.Name, out _)).SelectMany(type => LeftOutWhenNull(type).Intersect(Required(schemas.GetProperty(type.Name))).Select(member => $"{type.Name}.{member}"));

        Assert.Empty(wrong);
        Assert.Contains("text", Required(schemas.GetProperty("PassageAnswer")));
        Assert.All(["PreviewShape", "SimulateAnswer", "ChannelBookAnswer", "DocumentAnswer", "DropAnswer", "LookUps"], name => Assert.True(schemas.TryGetProperty(name, out _), name));
    }

    [PostgresFact]
    public async Task Files_are_described_both_ways()
    {
        var paths = (await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync()).GetProperty("paths");

        var sent = paths.GetProperty("/api/v1/media").GetProperty("post").GetProperty("requestBody").GetProperty("content");
        var given = paths.GetProperty("/api/v1/media/{reference}").GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content");
        Assert.Equal(["application/octet-stream"], sent.EnumerateObject().Select(content => content.Name));
        Assert.Equal(["application/octet-stream"], given.EnumerateObject().Select(content => content.Name));
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

    // Everything of ours that a request or an answer is made of.
    private HashSet<Type> Described()
    {
        var described = new HashSet<Type>();
        var open = new Stack<Type>(host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .SelectMany(endpoint => endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().Select(answer => answer.Type).Concat(endpoint.Metadata.OfType<IAcceptsMetadata>().Select(body => body.RequestType)))
            .OfType<Type>());
        while (open.TryPop(out var type))
        {
            foreach (var part in type.IsGenericType ? type.GetGenericArguments() : [])
            {
                open.Push(part);
            }

            if (type is { Namespace: { } space, IsEnum: false } && space.StartsWith("Channels", StringComparison.Ordinal) && described.Add(type))
            {
                foreach (var member in ApiJson.Options.GetTypeInfo(type).Properties)
                {
                    open.Push(member.PropertyType);
                }
            }
        }

        return described;
    }

    private static IEnumerable<string> LeftOutWhenNull(Type type) => ApiJson.Options.GetTypeInfo(type).Properties
        .Where(member => member.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }])
        .Select(member => member.Name);

    private static IEnumerable<string> Required(JsonElement schema) =>
        schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(member => member.GetString()!) : [];

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Channels.sln")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }

    private static string Plain(RouteEndpoint endpoint) =>
        System.Text.RegularExpressions.Regex.Replace(endpoint.RoutePattern.RawText!, @"\{\**([a-z]+)(:[a-z]+)?\}", "{$1}").TrimEnd('/') is { Length: > 0 } path ? path : "/";
}
