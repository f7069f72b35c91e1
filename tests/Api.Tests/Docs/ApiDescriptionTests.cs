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
        Assert.Equal(Mapped(host.Services.GetRequiredService<EndpointDataSource>()).Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [PostgresFact]
    public async Task Every_part_of_a_path_is_declared_and_every_operation_has_a_name_of_its_own()
    {
        var operations = (await OperationsAsync()).ToList();

        Assert.All(operations, one => Assert.Equal(
            System.Text.RegularExpressions.Regex.Matches(one.Path, @"\{([^}]+)\}").Select(part => part.Groups[1].Value),
            one.Operation.TryGetProperty("parameters", out var parameters)
                ? parameters.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() == "path" && parameter.GetProperty("required").GetBoolean())
                    .Select(parameter => parameter.GetProperty("name").GetString()!)
                : []));
        Assert.Distinct(operations.Select(one => one.Operation.GetProperty("operationId").GetString()));
    }

    [PostgresFact]
    public async Task Whatever_is_referred_to_is_there_and_says_something()
    {
        var document = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();

        var referred = System.Text.RegularExpressions.Regex.Matches(document.GetRawText(), @"""\$ref"":\s*""#/components/schemas/([^""]+)""").Select(reference => reference.Groups[1].Value).ToHashSet();

        Assert.Contains("JsonElement", referred);
        var schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.All(referred, name => Assert.NotEmpty(schemas.GetProperty(name).EnumerateObject()));
    }

    [PostgresTheory]
    [InlineData("/webhooks/{kind}/{channel_id}", "post", "200,401,404,408,413,500,503", "evolution,simulator,telegram,waha,whatsapp_cloud")]
    [InlineData("/webhooks/{kind}/{channel_id}/{rest}", "post", "200,401,404,408,413,500,503", "evolution,simulator,telegram,waha,whatsapp_cloud")]
    [InlineData("/api/webhooks/{kind}", "post", "200,400,401,404,408,409,413,500,503", "evolution,waha,whatsapp_cloud")]
    [InlineData("/api/webhooks/{kind}/{rest}", "post", "200,400,401,404,408,409,413,500,503", "evolution,waha,whatsapp_cloud")]
    [InlineData("/webhooks/{kind}/{channel_id}", "get", "200,403,404,405,503", "whatsapp_cloud")]
    [InlineData("/api/webhooks/{kind}", "get", "200,403,404,405,503", "whatsapp_cloud")]
    [InlineData("/api/v1/channels/{id}/preview", "post", "200,401,404,413,503", null)]
    [InlineData("/api/v1/channels/{id}/preview/{path}", "post", "200,401,404,413,503", null)]
    public async Task What_takes_any_body_is_described_with_its_answers(string path, string method, string answers, string? kinds)
    {
        var operation = (await OperationsAsync()).Single(one => one.Path == path && one.Method == method).Operation;

        var responses = operation.GetProperty("responses");
        Assert.Equal(answers.Split(','), responses.EnumerateObject().Select(one => one.Name).Where(name => name != "default").Order(StringComparer.Ordinal));
        Assert.True(responses.GetProperty("503").GetProperty("headers").TryGetProperty("Retry-After", out _));
        if (method == "post")
        {
            Assert.True(operation.GetProperty("requestBody").GetProperty("required").GetBoolean());
            Assert.Equal(["*/*"], operation.GetProperty("requestBody").GetProperty("content").EnumerateObject().Select(content => content.Name));
        }
        else
        {
            Assert.Equal(["hub.challenge", "hub.mode", "hub.verify_token"], Names(operation, "query"));
        }

        if (kinds is not null)
        {
            var kind = operation.GetProperty("parameters").EnumerateArray().Single(parameter => parameter.GetProperty("name").GetString() == "kind");
            Assert.Equal(kinds.Split(','), kind.GetProperty("schema").GetProperty("enum").EnumerateArray().Select(word => word.GetString()));
        }
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

    private async Task<IEnumerable<(string Path, string Method, JsonElement Operation)>> OperationsAsync() =>
        (await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync()).GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(method => (path.Name, method.Name, method.Value)));

    private static IEnumerable<string> Names(JsonElement operation, string place) => operation.GetProperty("parameters").EnumerateArray()
        .Where(one => one.GetProperty("in").GetString() == place && one.GetProperty("required").GetBoolean()).Select(one => one.GetProperty("name").GetString()!).Order(StringComparer.Ordinal);

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

    /// <summary>Every address there is, but for those that only describe.</summary>
    internal static IEnumerable<string> Mapped(EndpointDataSource endpoints) => endpoints.Endpoints.OfType<RouteEndpoint>()
        .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Select(method => (Method: method, Path: Plain(endpoint))) ?? [])
        .Where(mapped => !mapped.Path.StartsWith("/openapi", StringComparison.Ordinal) && mapped.Path != "/docs")
        .Select(mapped => $"{mapped.Method} {mapped.Path}");

    internal static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Channels.sln")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }

    private static string Plain(RouteEndpoint endpoint) =>
        System.Text.RegularExpressions.Regex.Replace(endpoint.RoutePattern.RawText!, @"\{\**([a-z_]+)(:[a-z]+)?\}", "{$1}").TrimEnd('/') is { Length: > 0 } path ? path : "/";
}
