using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Channels.Running;

/// <summary>The HTTP API as an integrator sees it: paths, JSON, status codes.</summary>
internal sealed class ChannelsClient : IDisposable
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _http;

    public ChannelsClient(Uri address, string? key)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(40) };
        _http.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        Key = key ?? "";
    }

    public string Key { get; }

    /// <summary>The operator's way to a new tenant.</summary>
    public static async Task<ChannelsClient> NewTenantAsync(Product product, string name = "acme")
    {
        using var operatorClient = new ChannelsClient(product.Address, product.OperatorKey);
        var tenant = await operatorClient.PostAsync("/api/v1/tenants", new { name });
        return new ChannelsClient(product.Address, tenant.GetProperty("api_key").GetString());
    }

    public Task<JsonElement> GetAsync(string path) => SureAsync(HttpMethod.Get, path, null);

    public Task<byte[]> BytesAsync(string path) => _http.GetByteArrayAsync(path);

    public Task<JsonElement> PostAsync(string path, object? body = null) => SureAsync(HttpMethod.Post, path, body is null ? null : JsonContent.Create(body, options: Json));

    public Task<JsonElement> PatchAsync(string path, object body) => SureAsync(HttpMethod.Patch, path, JsonContent.Create(body, options: Json));

    public Task<JsonElement> DeleteAsync(string path) => SureAsync(HttpMethod.Delete, path, null);

    /// <summary>Whatever is answered.</summary>
    public async Task<Answer> AskAsync(HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.MediaType, response.Headers.RetryAfter?.ToString());
    }

    /// <summary>A new channel of whatever kind.</summary>
    public async Task<Channel> CreateChannelAsync(object request)
    {
        var made = await PostAsync("/api/v1/channels", request);
        return new Channel(
            this, made.GetProperty("id").GetGuid(), new Uri(made.GetProperty("webhook_url").GetString()!), made.GetProperty("webhook_secret").GetString()!);
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SureAsync(HttpMethod method, string path, HttpContent? content)
    {
        var answer = await AskAsync(method, path, content);
        return (int)answer.Status is >= 200 and < 300
            ? answer.Body.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(answer.Body)
            : throw new HttpRequestException($"{method} {path} answered {(int)answer.Status}: {answer.Body}", null, answer.Status);
    }
}

/// <summary>An answer of the API, good or bad.</summary>
internal sealed record Answer(HttpStatusCode Status, string Body, string? ContentType, string? RetryAfter)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    public override string ToString() => $"{(int)Status} {ContentType} {Body}";
}
