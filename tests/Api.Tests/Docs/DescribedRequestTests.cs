using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Docs;

/// <summary>What the API's description calls required is what a request is refused without, and nothing else is.</summary>
public sealed class DescribedRequestTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly string[] _choices = ["allOf", "anyOf", "oneOf"];

    // The least that each request may consist of; where there are several ways, each of them.
    private static readonly (string Path, string Method, string[] Least)[] _requests =
    [
        ("/api/v1/tenants", "post", ["""{"name":"x"}"""]),
        ("/api/v1/tenants/{id}/suspend", "post", ["{}"]),
        ("/api/v1/api-keys", "post", ["""{"name":"x"}"""]),
        ("/api/channels/validate", "post", ["""{"channel_type":"simulator"}"""]),
        ("/api/channels/enable", "post", ["""{"channel_type":"telegram"}"""]),
        ("/api/channels/disable", "post", ["""{"channel_type":"telegram"}"""]),
        ("/api/v1/channels", "post", ["""{"name":"x","channel_type":"simulator"}"""]),
        ("/api/v1/channels/{id}", "patch", ["{}"]),
        ("/api/v1/channels/{id}", "put", ["""{"name":"x"}"""]),
        ("/api/v1/channels/{id}/rotate-webhook-secret", "post", ["{}"]),
        ("/api/v1/channels/{id}/pairing", "post", ["{}"]),
        ("/api/v1/channels/{id}/activate-waha", "post", ["{}"]),
        ("/api/v1/channels/{id}/import-history", "post", ["{}"]),
        ("/api/v1/channels/{id}/simulate", "post", ["""{"from":"1","text":"x"}"""]),
        ("/api/channels/whatsapp/connect", "post", ["{}"]),
        ("/api/v1/parked-webhooks/replays", "post", ["{}"]),
        ("/api/v1/unrouted-webhooks/replay", "post", ["{}"]),
        ("/api/v1/messages/{id}/settle", "post", ["""{"status":"sent"}"""]),
        ("/api/v1/accounts/{id}/messages", "post", ["""{"to":"1","text":"x"}""", """{"conversation_id":"{conversation}","text":"x"}""", .. Messages.Select(message => message.Insert(1, "\"to\":\"1\","))]),
        ("/api/v1/conversations/{id}/messages", "post", ["""{"text":"x"}""", .. Messages]),
        ("/api/v1/conversations/{id}/pause", "post", ["{}"]),
        ("/api/v1/knowledge/documents", "post", ["""{"collection":"x","title":"added","content":"x"}"""]),
        ("/api/v1/knowledge/documents/{id}", "put", ["""{"collection":"x","title":"replaced","content":"x"}"""]),
        ("/api/v1/turns/{id}/reply", "post", ["""{"reply":"x"}""", """{"hand_over":true}"""]),
    ];

    private static string[] Messages =>
    [
        """{"type":"image","media":{"url":"http://127.0.0.1:5090/a.png"}}""",
        """{"type":"location","location":{"latitude":1,"longitude":2}}""",
        """{"type":"contacts","contacts":[{"name":"x","phone":"1"}]}""",
        """{"type":"reaction","reaction":{"message_id":"x","emoji":""}}""",
        """{"type":"template","template":{"name":"x","language":"es"}}""",
        """{"type":"interactive","text":"x","interactive":{"buttons":[{"id":"x","title":"x"}]}}""",
        """{"type":"interactive","text":"x","interactive":{"button":"x","sections":[{"rows":[{"id":"x","title":"x"}]}]}}""",
    ];

    [PostgresFact]
    public async Task Every_request_is_taken_with_what_is_required_and_refused_without()
    {
        var document = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var seeded = await Seed.ConversationAsync(host, tenant.Id, channel);
        var kept = await tenant.AddDocumentAsync();
        List<string> wrong = [];
        foreach (var (path, method, ways) in _requests)
        {
            var schema = Schema(document, path, method);
            foreach (var least in ways.Select(way => way.Replace("{conversation}", seeded.ToString(), StringComparison.Ordinal)))
            {
                var place = path.Replace("{id}", (path.Contains("conversations", StringComparison.Ordinal) ? seeded : path.Contains("documents", StringComparison.Ordinal) ? kept : channel).ToString(), StringComparison.Ordinal);
                if (await RefusedAsync(place, method, least) is { } complaint)
                {
                    wrong.Add($"{method} {path} refuses {least}: {complaint}");
                }

                foreach (var (without, name, isRequired) in Lesser(document, schema, JsonNode.Parse(least)!).Where(lesser => !IsOfType(least, lesser.Name)))
                {
                    if ((await RefusedAsync(place, method, without) is not null) != isRequired)
                    {
                        wrong.Add($"{method} {path}: {name} is {(isRequired ? "" : "not ")}described as required in {least}");
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));

        async Task<string?> RefusedAsync(string path, string method, string body)
        {
            var client = path.StartsWith("/api/v1/tenants", StringComparison.Ordinal) || path.Contains("unrouted", StringComparison.Ordinal) ? host.Operator() : tenant.Http;
            var answer = await client.SendJsonAsync(new HttpMethod(method.ToUpperInvariant()), path, body);
            return (int)answer.StatusCode is 400 or 422 ? await answer.Content.ReadAsStringAsync() : null;
        }
    }

    [PostgresFact]
    public async Task No_request_is_left_out_above()
    {
        var document = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();

        var described = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()
            .Where(method => method.Value.TryGetProperty("requestBody", out var body) && body.GetProperty("content").TryGetProperty("application/json", out _))
            .Select(method => $"{method.Name} {path.Name}"));

        Assert.Equal(described.Order(StringComparer.Ordinal), _requests.Select(one => $"{one.Method} {one.Path}").Order(StringComparer.Ordinal));
    }

    [PostgresTheory]
    [InlineData("/api/v1/channels", "post", true)]
    [InlineData("/api/v1/accounts/{id}/messages", "post", true)]
    [InlineData("/api/v1/channels/{id}", "put", true)]
    [InlineData("/api/v1/channels/{id}", "patch", false)]
    [InlineData("/api/v1/conversations/{id}/pause", "post", false)]
    public async Task A_body_is_required_where_an_empty_one_is_refused(string path, string method, bool isRequired)
    {
        var document = await (await host.Client().GetAsync("/openapi/v1.json")).JsonAsync();

        var body = document.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("requestBody");

        Assert.Equal(isRequired, body.TryGetProperty("required", out var required) && required.GetBoolean());
    }

    // Which member goes with which type is said in words.
    private static bool IsOfType(string body, string name) =>
        body.Contains("\"type\"", StringComparison.Ordinal) && name is "text" or "media" or "location" or "contacts" or "reaction" or "template" or "interactive";

    // The same without one member each, at any depth, and whether the description says that it then will not do.
    private static IEnumerable<(string Body, string Name, bool IsRequired)> Lesser(JsonElement document, JsonElement schema, JsonNode whole)
    {
        foreach (var (path, allowed) in Objects(document, schema, whole, []))
        {
            foreach (var name in ((JsonObject)At(whole, path)).Select(member => member.Key).ToList())
            {
                var copy = JsonNode.Parse(whole.ToJsonString())!;
                var where = (JsonObject)At(copy, path);
                where.Remove(name);
                yield return (copy.ToJsonString(), string.Join('.', [.. path, name]), !Allows(document, allowed, where));
            }
        }
    }

    private static IEnumerable<(object[] Path, JsonElement Schema)> Objects(JsonElement document, JsonElement schema, JsonNode node, object[] path)
    {
        schema = Resolved(document, schema);
        if (node is JsonArray items)
        {
            return items.Count == 0 ? [] : Objects(document, schema.GetProperty("items"), items[0]!, [.. path, 0]);
        }

        return node is not JsonObject members ? []
            : [(path, schema), .. members.SelectMany(member => schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(member.Key, out var own)
                ? Objects(document, own, member.Value!, [.. path, member.Key]) : [])];
    }

    private static JsonNode At(JsonNode node, object[] path) => path.Aggregate(node, (at, part) => part is int index ? at[index]! : at[(string)part]!);

    // As much of JSON Schema as says which members must be there.
    private static bool Allows(JsonElement document, JsonElement schema, JsonObject value)
    {
        schema = Resolved(document, schema);
        if (schema.TryGetProperty("required", out var required) && required.EnumerateArray().Any(name => !value.ContainsKey(name.GetString()!)))
        {
            return false;
        }

        return _choices.All(choice => !schema.TryGetProperty(choice, out var ways) || ways.EnumerateArray().Count(way => Allows(document, way, value)) is var fitting && choice switch
        {
            "allOf" => fitting == ways.GetArrayLength(),
            "oneOf" => fitting == 1,
            _ => fitting > 0,
        });
    }

    // A reference, or one that may be null.
    private static JsonElement Resolved(JsonElement document, JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference) ? document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
        : schema.TryGetProperty("oneOf", out var ways) && ways.EnumerateArray().FirstOrDefault(way => way.TryGetProperty("$ref", out _)) is { ValueKind: JsonValueKind.Object } other ? Resolved(document, other)
        : schema;

    private static JsonElement Schema(JsonElement document, string path, string method) => document.GetProperty("paths").GetProperty(path).GetProperty(method)
        .GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");
}
