using System.Net;
using System.Text;
using System.Text.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Channels.Spine.Tests;

/// <summary>A kind that is none of the product's own: named in the settings, and then like any other.</summary>
public sealed class ExternalKindTests(ExternalKindTests.SpineWithModules spine) : SpineTest(spine), IClassFixture<ExternalKindTests.SpineWithModules>
{
    [PostgresFact]
    public async Task It_is_listed_with_what_brought_it_and_a_faulty_one_with_why_it_brought_none()
    {
        var kinds = await Spine.Tenant.GetAsync("/api/channels");

        var kind = kinds.GetProperty("channels").EnumerateArray().Single(one => one.GetProperty("id").GetString() == "sms_gate");
        Assert.Equal("Channels.Samples.SmsGate.dll", kind.GetProperty("module").GetString());
        var modules = kinds.GetProperty("modules").EnumerateArray().ToDictionary(module => module.GetProperty("file").GetString()!, module => module.GetProperty("status").GetString());
        Assert.Equal(("loaded", "faulty"), (modules["Channels.Samples.SmsGate.dll"], modules["missing.dll"]));
    }

    [PostgresFact]
    public async Task A_message_comes_in_is_answered_and_leaves_through_it()
    {
        var taken = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var gate = builder.Build();
        gate.MapPost("/messages", async (HttpRequest request) =>
        {
            using var body = await JsonDocument.ParseAsync(request.Body);
            taken.TrySetResult(body.RootElement.Clone());
            return Results.Json(new { id = "gate-1" });
        });
        await gate.StartAsync();
        const string Secret = "the-secret-of-the-sms-gate";
        Spine.KeepSecret(Secret, "the-key-of-the-sms-gate");
        var made = await Spine.Tenant.PostAsync(
            "/api/v1/channels",
            new { name = "SMS", channel_type = "sms_gate", webhook_secret = Secret, config = new { baseURL = gate.Urls.First(), apiKey = "the-key-of-the-sms-gate" }, agent = new { kind = "echo" }, activate = true });
        Assert.Equal("active", made.GetProperty("status").GetString());
        var text = Words("is it ready?");

        using var http = new HttpClient();
        using var webhook = new HttpRequestMessage(HttpMethod.Post, made.GetProperty("webhook_url").GetString())
        {
            Content = new StringContent(JsonSerializer.Serialize(new { id = "sms-1", from = "+351900000001", text }), Encoding.UTF8, "application/json"),
        };
        using (var unproven = await http.PostAsync(webhook.RequestUri, new StringContent("{}")))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, unproven.StatusCode);
        }

        webhook.Headers.Add("X-Gate-Secret", Secret);
        using var accepted = await http.SendAsync(webhook);
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);

        var reply = await taken.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(("+351900000001", text), (reply.GetProperty("to").GetString(), reply.GetProperty("text").GetString()));
    }

    public sealed class SpineWithModules : Running.Spine
    {
        internal override IReadOnlyDictionary<string, string>? Settings => new Dictionary<string, string>
        {
            ["Channels__RegistryModules__0"] = Path.Combine(
                AppContext.BaseDirectory, "..", "..", "SmsGate", Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)), "Channels.Samples.SmsGate.dll"),
            ["Channels__RegistryModules__1"] = "/nowhere/missing.dll",
        };
    }
}
