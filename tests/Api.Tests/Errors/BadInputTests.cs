using System.Net.Http.Headers;
using System.Text;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Errors;

public sealed class BadInputTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresTheory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"name\":}")]
    [InlineData("{} {}")]
    public async Task A_body_that_is_no_json_object_is_refused(string body)
    {
        var tenant = await host.TenantAsync();

        var answer = await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", body);

        // Nothing at all is an empty object: what it lacks is its fields.
        await (body.Length == 0 ? answer.ProblemAsync(422, "invalid_fields") : answer.ProblemAsync(400, "malformed_json"));
    }

    [PostgresFact]
    public async Task Deep_nesting_invalid_utf8_and_noise_are_refused()
    {
        var tenant = await host.TenantAsync();
        var deep = Encoding.UTF8.GetBytes($$"""{"name":{{new string('[', 5000)}}{{new string(']', 5000)}}}""");
        byte[] invalid = [.. "{\"name\":\""u8, 0xff, 0xfe, .. "\"}"u8];
        var noise = new byte[(1 << 20) + 1];
        Random.Shared.NextBytes(noise);

        await (await tenant.Http.PostAsync("/api/v1/channels", new ByteArrayContent(deep))).ProblemAsync(400, "malformed_json");
        await (await tenant.Http.PostAsync("/api/v1/channels", new ByteArrayContent(invalid))).ProblemAsync(400, "malformed_json");
        await (await tenant.Http.PostAsync("/api/v1/channels", new ByteArrayContent(noise))).ProblemAsync(413, "too_large");
    }

    [PostgresTheory]
    [InlineData("/api/v1/channels", """{"name":5,"name":"x","channel_type":"simulator"}""", "name")]
    [InlineData("/api/v1/channels", """{"name":"x","name":"x","channel_type":"simulator"}""", "name")]
    [InlineData("/api/v1/channels", """{"name":"x","channel_type":"simulator","of_newer_clients":1,"of_newer_clients":1,"of_newer_clients":1}""", "of_newer_clients")]
    [InlineData("/api/v1/channels", """{"name":"x","channel_type":"evolution","config":{"base_url":5,"base_url":"https://x.example"}}""", "config.base_url")]
    [InlineData("/api/v1/channels", """{"name":"x","channel_type":"simulator","config":{"groups":true,"groups":false}}""", "config.groups")]
    [InlineData("/api/v1/channels", """{"name":"x","channel_type":"simulator","agent":{"kind":"none","kind":"echo"}}""", "agent.kind")]
    [InlineData("/api/v1/channels", """{"name":"x","channel_type":"waha","config":{"auth":{"type":"basic","type":"key"}}}""", "config.auth.type")]
    [InlineData("/api/channels/validate", """{"channel_type":"evolution","config":{"base_url":1,"base_url":"https://x.example"}}""", "config.base_url")]
    [InlineData("/api/v1/api-keys", """{"name":[{"a":1,"a":2}],"b":1,"b":2}""", "name[0].a", "b")]
    public async Task A_member_that_stands_twice_is_named_wherever_it_stands(string path, string body, params string[] fields)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, path, body)).ProblemAsync(422, "invalid_fields");

        Assert.Equal(fields, problem.Fields());
    }

    [PostgresFact]
    public async Task A_long_way_to_very_many_items_costs_no_more_than_the_body()
    {
        var tenant = await host.TenantAsync();
        var name = new string('n', 400_000);
        var many = string.Join(',', Enumerable.Repeat("{}", 150_000));
        var repeated = string.Join(',', Enumerable.Range(0, 25_000).Select(number => $"\"{number}\":1,\"{number}\":1"));
        var items = "{\"name\":\"x\",\"" + name + "\":[" + many + "]}";
        var twice = "{\"" + name + "\":{" + repeated + "}}";

        var made = await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/api-keys", items);
        var refused = await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/api-keys", twice);

        await made.JsonAsync(System.Net.HttpStatusCode.Created);
        Assert.Equal(20, (await refused.ProblemAsync(422, "invalid_fields")).Fields().Length);
    }

    [PostgresFact]
    public async Task A_member_that_stands_twice_is_refused_to_the_operator_too() =>
        Assert.Equal(["name"], (await (await host.Operator().SendJsonAsync(HttpMethod.Post, "/api/v1/tenants", """{"name":5,"name":"x"}""")).ProblemAsync(422, "invalid_fields")).Fields());

    [PostgresTheory]
    [InlineData("GET", "/api/v1/nothing", 404, "not_found")]
    [InlineData("GET", "/", 404, "not_found")]
    [InlineData("GET", "/api/v1/channels/not-an-id", 404, "not_found")]
    [InlineData("GET", "/api/v1/channels/..%2f..%2f", 404, "not_found")]
    [InlineData("GET", "/api/v1/channels/1%27%20or%201=1", 404, "not_found")]
    [InlineData("DELETE", "/api/v1/channels", 405, "method_not_allowed")]
    [InlineData("PUT", "/healthz", 405, "method_not_allowed")]
    public async Task What_is_not_there_is_said_in_problem_details(string method, string path, int status, string code)
    {
        var tenant = await host.TenantAsync();

        await (await tenant.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).ProblemAsync(status, code);
    }

    [PostgresTheory]
    [InlineData("POST", "/api/v1/channels/00000000-0000-7000-8000-000000000001/simulate?wait=soon", "wait", "must be a whole number.")]
    [InlineData("POST", "/api/v1/channels/00000000-0000-7000-8000-000000000001/simulate?wait=1&wait=2", "wait", "must be a whole number.")]
    [InlineData("POST", "/api/v1/channels/00000000-0000-7000-8000-000000000001/simulate?wait=99999999999", "wait", "must be a whole number.")]
    [InlineData("POST", "/api/v1/parked-webhooks/00000000-0000-7000-8000-000000000001/replay?dry_run=yes", "dry_run", "must be true or false.")]
    [InlineData("DELETE", "/api/v1/channels/00000000-0000-7000-8000-000000000001/pairing?remove=1", "remove", "must be true or false.")]
    [InlineData("GET", "/api/v1/knowledge/search?q=x&limit=many", "limit", "must be a whole number.")]
    public async Task A_value_in_the_query_that_cannot_be_read_is_named(string method, string path, string field, string message)
    {
        var tenant = await host.TenantAsync();

        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "POST" ? Asking.Json("""{"from":"1","text":"x"}""") : null };
        var problem = await (await tenant.Http.SendAsync(request)).ProblemAsync(400, "invalid_parameter");

        Assert.Equal([field], problem.Fields());
        Assert.Equal(message, problem.GetProperty("errors")[0].GetProperty("message").GetString());
    }

    [PostgresFact]
    public async Task A_form_content_type_is_no_reason_to_refuse_json()
    {
        var tenant = await host.TenantAsync();
        var content = new StringContent("""{"name":"n","channel_type":"simulator"}""");
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");

        await (await tenant.Http.PostAsync("/api/v1/channels", content)).JsonAsync(System.Net.HttpStatusCode.Created);
    }

    [PostgresFact]
    public async Task Health_and_readiness_need_no_key()
    {
        await (await host.Client().GetAsync("/healthz")).JsonAsync();
        await (await host.Client().GetAsync("/readyz")).JsonAsync();
    }
}
