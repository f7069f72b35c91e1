using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Channels.Api.Tests.Host;

/// <summary>What tests say to the API, and what they expect of its answers.</summary>
internal static class Asking
{
    public const string WebhookSecret = "a-webhook-secret-of-32-characters";

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage answer, HttpStatusCode expected = HttpStatusCode.OK)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == expected, $"Expected {(int)expected}, got {(int)answer.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement.Clone();
    }

    /// <summary>Asserts problem details with this status and code.</summary>
    public static async Task<JsonElement> ProblemAsync(this HttpResponseMessage answer, int status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"Expected {status} {code}, got {(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement.Clone();
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEqual("", problem.GetProperty("remedy").GetString());
        return problem;
    }

    public static string[] Fields(this JsonElement problem) =>
        [.. problem.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("field").GetString()!)];

    /// <summary>Asks until it is so: for what the server's other transactions, or another connection, decide the time of.</summary>
    public static async Task<T> EventuallyAsync<T>(string awaited, Func<Task<T>> ask, Func<T, bool> isSo)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = await ask();
            if (isSo(seen))
            {
                return seen;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30), $"Waited for {awaited}; seen: {seen}");
            await Task.Delay(20);
        }
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    public static Task<HttpResponseMessage> SendJsonAsync(this HttpClient client, HttpMethod method, string path, string json) =>
        client.SendAsync(new HttpRequestMessage(method, path) { Content = Json(json) });

    public static object EvolutionChannel(string instance = "shop1", string identity = "5491100000001", string secret = WebhookSecret, string gateway = "http://127.0.0.1:5090") => new
    {
        name = "Shop 1",
        channel_type = "evolution",
        identity,
        webhook_secret = secret,
        config = new { base_url = gateway, api_key = "the-gateways-api-key", instance_name = instance },
        agent = new { kind = "echo" },
    };

    public static async Task<Guid> CreateWahaAsync(this TenantUnderTest tenant)
    {
        var made = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Post, "/api/v1/channels",
            """{"name":"w","channel_type":"waha","config":{"baseURL":"https://waha.example","sessionID":"shop","auth":{"type":"basic","username":"mira","password":"p4ss-w0rd"}}}"""))
            .JsonAsync(System.Net.HttpStatusCode.Created);
        return made.GetProperty("id").GetGuid();
    }

    public static async Task<Guid> CreateEvolutionAsync(
        this TenantUnderTest tenant, string instance = "shop1", string identity = "5491100000001", string secret = WebhookSecret, string gateway = "http://127.0.0.1:5090")
    {
        var answer = await tenant.Http.PostAsJsonAsync("/api/v1/channels", EvolutionChannel(instance, identity, secret, gateway));
        return (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }

    public static async Task<Guid> CreateTelegramAsync(this TenantUnderTest tenant)
    {
        var answer = await tenant.Http.SendJsonAsync(
            HttpMethod.Post, "/api/v1/channels", """{"name":"t","channel_type":"telegram","config":{"bot_token":"123456789:AAF-example"}}""");
        return (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }

    public static async Task<Guid> CreateCloudAsync(this TenantUnderTest tenant)
    {
        var answer = await tenant.Http.SendJsonAsync(
            HttpMethod.Post, "/api/v1/channels",
            """{"name":"c","channel_type":"whatsapp_cloud","config":{"phone_number_id":"880880","access_token":"EAAG-example","app_secret":"an-app-secret-of-32-characters-x","verify_token":"verify-me-please-1"}}""");
        return (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }

    public static async Task<Guid> CreateSimulatorAsync(this TenantUnderTest tenant, string identity = "sim")
    {
        var answer = await tenant.Http.PostAsJsonAsync(
            "/api/v1/channels", new { name = "Simulator", channel_type = "simulator", identity, webhook_secret = WebhookSecret, agent = new { kind = "echo" } });
        return (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }

    public static async Task<Guid> AddDocumentAsync(
        this TenantUnderTest tenant, string content = "Delivery is free.", string title = "Delivery", string collection = "faq", string? language = null)
    {
        var answer = await tenant.Http.PostAsJsonAsync("/api/v1/knowledge/documents", new { collection, title, content, language });
        return (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }
}
