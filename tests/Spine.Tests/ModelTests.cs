using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Channels.Spine.Tests;

public sealed class ModelTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private const string Key = "sk-the-models-own-key-5c2";

    [PostgresFact]
    public async Task A_contact_is_answered_by_a_model_that_knows_what_was_said_before()
    {
        var asked = new ConcurrentQueue<JsonElement>();
        await using var model = await StartModelAsync(asked);
        Spine.KeepSecret(Key);
        var agent = new { kind = "openai", base_url = $"{model.Urls.Single()}/v1", model = "gpt-test", api_key = Key, instructions = $"{Running.Spine.Mark} Be brief." };
        var shop = await Spine.EvolutionAsync(agent);
        var number = Spine.NewNumber();
        var (first, second) = (Words("first"), Words("second"));

        await shop.SaysAsync(number, first);
        await shop.SentAsync(1);
        await shop.SaysAsync(number, second);

        Assert.Equal([$"{Running.Spine.Mark} answer 1", $"{Running.Spine.Mark} answer 2"], (await shop.SentAsync(2)).Select(send => send.Text));
        Assert.Equal(
            [("user", first), ("assistant", $"{Running.Spine.Mark} answer 1"), ("user", second)],
            asked.Last().GetProperty("messages").EnumerateArray().Skip(1).Select(message => (message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!)));
        Assert.StartsWith($"{Running.Spine.Mark} Be brief.", asked.Last().GetProperty("messages")[0].GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartModelAsync(ConcurrentQueue<JsonElement> asked)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(async http =>
        {
            asked.Enqueue(await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body));
            var message = new { role = "assistant", content = $"{Running.Spine.Mark} answer {asked.Count}" };
            http.Response.StatusCode = http.Request.Path == "/v1/chat/completions" && http.Request.Headers.Authorization == $"Bearer {Key}" ? 200 : 401;
            await http.Response.WriteAsJsonAsync(new { id = "chatcmpl-1", @object = "chat.completion", created = 1, model = "gpt-test", choices = new[] { new { index = 0, message, finish_reason = "stop" } } });
        });
        await app.StartAsync();
        return app;
    }
}
