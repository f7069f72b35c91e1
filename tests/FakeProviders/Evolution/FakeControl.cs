using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Evolution;

/// <summary>The fake's own calls under <c>/__fake/</c>, for when it runs as a process of its own.</summary>
internal sealed class FakeControl(FakeEvolution fake)
{
    private static readonly JsonSerializerOptions _reading = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) } };

    public Task HandleAsync(HttpContext http, string path) => (http.Request.Method, path) switch
    {
        ("GET", "/__fake/sends") => SendsAsync(http),
        ("POST", "/__fake/behaviour") => BehaveAsync(http),
        ("POST", "/__fake/instance") => AddInstanceAsync(http),
        ("POST", "/__fake/customer") => CustomerAsync(http),
        ("GET", "/__fake/ready") => FakeJson.WriteAsync(http, 200, new { ready = true, sends = fake.Ledger.Count }),
        _ => FakeJson.WriteAsync(http, 404, new { error = "no such control call" }),
    };

    /// <summary><c>?after=</c> a place in the ledger, <c>?limit=</c> how many.</summary>
    private Task SendsAsync(HttpContext http)
    {
        var after = Number(http, "after", 0);
        var sends = fake.Ledger.After(after, (int)Number(http, "limit", 10_000));
        return FakeJson.WriteAsync(http, 200, new
        {
            total = fake.Ledger.Count,
            sends = sends.Select(send => new { number = send.Number, id = send.Id, instance = send.Instance, to = send.To, text = send.Text, reply_to = send.ReplyTo, at = send.At }),
        });
    }

    /// <summary>A behaviour in snake_case; times as "00:00:05".</summary>
    private async Task BehaveAsync(HttpContext http)
    {
        try
        {
            fake.Behaviour = await JsonSerializer.DeserializeAsync<FakeBehaviour>(http.Request.Body, _reading, http.RequestAborted) ?? new();
            await FakeJson.WriteAsync(http, 200, new { ok = true });
        }
        catch (JsonException unreadable)
        {
            await FakeJson.WriteAsync(http, 400, new { error = unreadable.Message });
        }
    }

    private async Task AddInstanceAsync(HttpContext http)
    {
        using var body = await FakeJson.ReadAsync(http.Request);
        var root = body?.RootElement ?? default;
        var instance = fake.AddInstance(FakeJson.Text(root, "name") ?? "instance", FakeJson.Text(root, "state") ?? "open");
        instance.State = FakeJson.Text(root, "state") ?? instance.State;
        await FakeJson.WriteAsync(http, 200, new { name = instance.Name, state = instance.State, token = instance.Token });
    }

    private async Task CustomerAsync(HttpContext http)
    {
        using var body = await FakeJson.ReadAsync(http.Request);
        var root = body?.RootElement ?? default;
        if (!fake.Instances.TryGetValue(FakeJson.Text(root, "instance") ?? "", out var instance))
        {
            await FakeJson.WriteAsync(http, 404, new { error = "no such instance" });
            return;
        }

        var answered = await fake.Webhooks.CustomerSaysAsync(instance, FakeJson.Text(root, "chat") ?? "447700900321@s.whatsapp.net", FakeJson.Text(root, "text") ?? "Hello", FakeJson.Text(root, "id"));
        await FakeJson.WriteAsync(http, 200, new { answered = (int?)answered });
    }

    private static long Number(HttpContext http, string name, long otherwise) =>
        long.TryParse(http.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
