using System.Net;
using System.Text;
using System.Text.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class BadInputTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private const int FourMegabytes = 4 << 20;

    /// <summary>Bodies of an authentic webhook that mean nothing, and whether anybody can read them at all.</summary>
    public static TheoryData<string, bool> Bodies => new()
    {
        { "nothing", false }, { "half a JSON", false }, { "deep nesting", false }, { "four megabytes of noise", false }, { "NUL bytes", false }, { "a text", false },
        { "null", true }, { "an empty object", true }, { "an empty array", true }, { "wrong types", true }, { "unknown event", true }, { "a NUL and a lone surrogate", true },
        { "invalid UTF-8", true }, { "four megabytes of text", true }, { "endless numbers", true }, { "SQL", true }, { "a key twice", true },
    };

    [PostgresTheory]
    [MemberData(nameof(Bodies))]
    public async Task A_bad_webhook_gets_its_200_and_the_next_message_is_answered(string what, bool readable)
    {
        var shop = await Spine.EvolutionAsync();
        var number = Spine.NewNumber();

        await shop.Channel.DeliverAsync(Body(what, shop.Name));
        await shop.SaysAsync(number, Words("behind it"));

        await shop.SentAsync(1, number);
        var metrics = await shop.Channel.IdleAsync(webhooksFinished: 2);
        if (!readable)
        {
            Assert.Equal(1, metrics.WebhooksParked);
            var parked = Assert.Single((await shop.Channel.Api.GetAsync($"/api/v1/parked-webhooks?channel_id={shop.Channel.Id}")).GetProperty("parked_webhooks").EnumerateArray());
            Assert.False(string.IsNullOrWhiteSpace(parked.GetProperty("reason").GetString()));
        }
    }

    [PostgresFact]
    public async Task A_parked_webhook_is_shown_without_secrets_and_can_be_tried_again()
    {
        var shop = await Spine.EvolutionAsync();
        await shop.Channel.DeliverAsync(Encoding.UTF8.GetBytes($$"""{"event":"messages.upsert","apikey":"{{EvolutionBodies.InstanceToken}}","was":"{{shop.Channel.Secret}}","text":"{{Words()}}"""));
        await shop.Channel.IdleAsync(webhooksFinished: 1);
        async Task<JsonElement> ParkedAsync() => Assert.Single((await shop.Channel.Api.GetAsync($"/api/v1/parked-webhooks?channel_id={shop.Channel.Id}")).GetProperty("parked_webhooks").EnumerateArray());
        var first = await ParkedAsync();
        var shown = first.GetProperty("body").GetString()!;
        Assert.Contains("messages.upsert", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(shop.Channel.Secret, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(EvolutionBodies.InstanceToken, shown, StringComparison.Ordinal);
        var id = first.GetProperty("id").GetGuid();

        var replayed = await shop.Channel.Api.PostAsync($"/api/v1/parked-webhooks/{id}/replay");

        Assert.Equal(1, replayed.GetProperty("replayed").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await shop.Channel.Api.AskAsync(HttpMethod.Post, $"/api/v1/parked-webhooks/{id}/replay")).Status);
        await Until.SeenAsync("it to be parked anew", shop.Channel.MetricsAsync, now => now is { WebhooksParked: 2, WebhooksWaiting: 0 });
        var second = await ParkedAsync();
        Assert.NotEqual(id, second.GetProperty("id").GetGuid());
        Assert.Equal(first.GetProperty("body_bytes").GetInt32(), second.GetProperty("body_bytes").GetInt32());
        await shop.SaysAsync(Spine.NewNumber(), Words("and now"));
        await shop.SentAsync(1);
    }

    [PostgresFact]
    public async Task A_webhook_that_does_not_prove_where_it_comes_from_is_refused_and_forgotten()
    {
        var shop = await Spine.EvolutionAsync();
        var other = await Spine.EvolutionAsync();
        var body = EvolutionBodies.Text(shop.Name, EvolutionBodies.Person(Spine.NewNumber()), EvolutionChannel.NewId(), Words());

        foreach (var presented in (string[])["", "wrong", other.Channel.Secret, shop.Channel.Secret[..^1], shop.Channel.Secret + "x", EvolutionBodies.InstanceToken, Spine.Gateway.Options.ApiKey, Spine.Tenant.Key])
        {
            AssertProblem(HttpStatusCode.Unauthorized, "webhook_unauthenticated", await shop.Channel.PostWebhookAsync(body, presented));
        }

        AssertProblem(HttpStatusCode.RequestEntityTooLarge, "too_large", await shop.Channel.PostWebhookAsync(new byte[FourMegabytes + 1]));
        await shop.SaysAsync(Spine.NewNumber(), Words());
        await shop.SentAsync(1);
        Assert.Equal(1, (await shop.Channel.IdleAsync(webhooksFinished: 1)).MessagesReceived);
    }

    [PostgresTheory]
    [InlineData("/webhooks/evolution/01900000-0000-7000-8000-000000000000")]
    [InlineData("/webhooks/evolution/nonsense")]
    [InlineData("/webhooks/evolution/1'%20or%20'1'='1")]
    [InlineData("/webhooks/evolution/..%2f..%2fetc%2fpasswd")]
    [InlineData("/webhooks/nobody/{id}")]
    [InlineData("/webhooks/simulator/{id}")]
    [InlineData("/webhooks/EVOLUTION'--/{id}")]
    public async Task A_door_that_is_not_there_is_404(string path)
    {
        var shop = await Spine.EvolutionAsync();

        var answer = await shop.Channel.Api.AskAsync(
            HttpMethod.Post, path.Replace("{id}", $"{shop.Channel.Id}", StringComparison.Ordinal), new ByteArrayContent("{}"u8.ToArray()), ("apikey", shop.Channel.Secret));

        AssertProblem(HttpStatusCode.NotFound, "not_found", answer);
    }

    [PostgresTheory]
    [InlineData("/api/v1/channels", "{\"name\":", 400)]
    [InlineData("/api/v1/channels", "", 422)]
    [InlineData("/api/v1/channels", "null", 400)]
    [InlineData("/api/v1/channels", "[]", 400)]
    [InlineData("/api/v1/channels", "{}", 422)]
    [InlineData("/api/v1/channels", "{\"name\":7,\"channel_type\":[]}", 422)]
    [InlineData("/api/v1/channels", "{\"name\":\"x\",\"channel_type\":\"evolution' or 1=1\"}", 422)]
    [InlineData("/api/v1/channels", "{\"name\":\"x\",\"channel_type\":\"evolution\",\"config\":\"text\"}", 422)]
    [InlineData("/api/v1/channels", "{\"name\":\"x\",\"channel_type\":\"evolution\",\"webhook_secret\":\"short\"}", 422)]
    [InlineData("/api/v1/channels", "{\"name\":\"x\",\"channel_type\":\"simulator\",\"agent\":{\"kind\":\"nobody\"}}", 422)]
    [InlineData("/api/v1/channels", "{\"name\":\"\\u0000\",\"channel_type\":\"simulator\"}", 422)]
    [InlineData("/api/v1/channels", "{\"name\":\"\\ud800\",\"channel_type\":\"simulator\"}", 422)]
    [InlineData("/api/v1/channels/nonsense/activate", "", 404)]
    [InlineData("/api/v1/channels/{id}/simulate", "{\"from\":\"\",\"text\":\"\"}", 422)]
    [InlineData("/api/v1/channels/{id}/simulate", "{\"from\":{},\"text\":1}", 422)]
    [InlineData("/api/v1/conversations/01900000-0000-7000-8000-000000000000/messages", "{\"text\":\"x\"}", 404)]
    [InlineData("/api/v1/parked-webhooks/01900000-0000-7000-8000-000000000000/replay", "", 404)]
    [InlineData("/api/v1/tenants", "{\"name\":\"mine\"}", 403)]
    public async Task A_bad_request_gets_the_right_problem(string path, string body, int status)
    {
        var channel = await Spine.SimulatorAsync();

        var answer = await channel.Api.AskAsync(
            HttpMethod.Post, path.Replace("{id}", $"{channel.Id}", StringComparison.Ordinal), new StringContent(body, Encoding.UTF8, "application/json"));

        AssertProblem((HttpStatusCode)status, null, answer);
        await AssertAnsweredAsync(channel);
    }

    [PostgresFact]
    public async Task Monstrous_bodies_and_parameters_get_a_4xx_too()
    {
        var channel = await Spine.SimulatorAsync();
        async Task<Answer> PostAsync(byte[] body) =>
            await channel.Api.AskAsync(HttpMethod.Post, "/api/v1/channels", new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } });

        AssertProblem(HttpStatusCode.BadRequest, "malformed_json", await PostAsync(Repeated('[', 100_000)));
        AssertProblem(HttpStatusCode.BadRequest, "malformed_json", await PostAsync([0xff, 0xfe, 0x7b, 0x7d]));
        AssertProblem(HttpStatusCode.RequestEntityTooLarge, "too_large", await PostAsync(Repeated(' ', FourMegabytes)));
        foreach (var query in (string[])["page=abc", "page=0", "page=-1", "limit=99999999999999999999", "channel_id=1%27%20or%20%271%27=%271"])
        {
            AssertProblem(HttpStatusCode.BadRequest, "invalid_parameter", await channel.Api.AskAsync(HttpMethod.Get, $"/api/v1/conversations?{query}"));
        }

        foreach (var search in (string[])["%27;drop%20table%20account;--", "%25", "_", "%5C", "%00", "%ED%A0%80"])
        {
            var answer = await channel.Api.AskAsync(HttpMethod.Get, $"/api/v1/conversations?search={search}");
            Assert.True((int)answer.Status is 200 or (>= 400 and < 500), $"{search}: {answer}");
        }

        // The server itself refuses a NUL in a path, before any of ours runs.
        foreach (var path in (string[])["/api/v1/channels/%00", "/webhooks/evolution/%00"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await channel.Api.AskAsync(HttpMethod.Post, path)).Status);
        }

        foreach (var path in (string[])["/api/v1/channels/..%2f..%2fetc%2fpasswd", "/api/v1/../../etc/passwd", "/%2e%2e/appsettings.json"])
        {
            AssertProblem(HttpStatusCode.NotFound, null, await channel.Api.AskAsync(HttpMethod.Get, path));
        }

        AssertProblem(HttpStatusCode.BadRequest, "invalid_parameter", await channel.Api.AskAsync(HttpMethod.Get, "/api/v1/channels/%ff"));

        using var nobody = new ChannelsClient(Spine.Product.Address, null);
        using var stranger = new ChannelsClient(Spine.Product.Address, "chk_0000000000000000000000000000000000000000000");
        AssertProblem(HttpStatusCode.Unauthorized, "unauthenticated", await nobody.AskAsync(HttpMethod.Get, "/api/v1/channels"));
        AssertProblem(HttpStatusCode.Unauthorized, "unauthenticated", await stranger.AskAsync(HttpMethod.Get, "/api/v1/channels"));
        await AssertAnsweredAsync(channel);
    }

    private static void AssertProblem(HttpStatusCode status, string? code, Answer answer)
    {
        Assert.True(status == answer.Status && answer.ContentType == "application/problem+json", $"expected {(int)status}, got {answer}");
        Assert.Equal(code ?? answer.Json.GetProperty("code").GetString(), answer.Json.GetProperty("code").GetString());
    }

    private async Task AssertAnsweredAsync(Channel channel)
    {
        var contact = Spine.NewNumber();
        await channel.SimulateAsync(contact, Words("behind it"));
        await Until.SeenAsync("the next message's reply", () => channel.MessagesWithAsync(contact), found => found.Any(message => message is { IsOut: true, Status: "sent" }), Channel.Shown);
    }

    private static byte[] Body(string what, string instance) => what switch
    {
        "nothing" => [],
        "half a JSON" => """{"event":"messages.upsert","data":{"key":"""u8.ToArray(),
        "deep nesting" => Repeated('[', 100_000),
        "four megabytes of noise" => Noise(),
        "NUL bytes" => new byte[1000],
        "a text" => "hello?"u8.ToArray(),
        "null" => "null"u8.ToArray(),
        "an empty object" => "{}"u8.ToArray(),
        "an empty array" => "[]"u8.ToArray(),
        "wrong types" => """{"event":7,"instance":[],"data":{"key":{"id":{},"remoteJid":[1],"fromMe":"perhaps"},"message":"no","messageTimestamp":{"low":"x"}}}"""u8.ToArray(),
        "unknown event" => EvolutionBodies.Envelope("moon.landed", instance, new { who = 1 }),
        "a NUL and a lone surrogate" => Encoding.UTF8.GetBytes("{\"event\":\"messages.upsert\",\"instance\":\"\\u0000\",\"data\":{\"key\":{\"id\":\"\\ud800\\u0000\",\"remoteJid\":\"\\u0000@s.whatsapp.net\"},\"pushName\":\"\\udfff\",\"message\":{\"conversation\":\"\"}}}"),
        "invalid UTF-8" => [.. """{"event":"messages.upsert","data":{"key":{"id":"A1","remoteJid":"1@g.us"},"message":{"conversation":" """u8, 0xff, 0xc3, 0x28, .. "\"}}}"u8],
        "four megabytes of text" => EvolutionBodies.Text(instance, "120363000000000001@g.us", "BIG", new string('x', FourMegabytes - 2000)),
        "endless numbers" => Encoding.UTF8.GetBytes($$"""{"event":"messages.upsert","data":{"key":{"id":"N1","remoteJid":"1@g.us"},"messageTimestamp":{{new string('9', 5000)}},"message":{"locationMessage":{"degreesLatitude":1e999,"degreesLongitude":-1e999} } } }"""),
        "SQL" => EvolutionBodies.Text("'; drop table inbox; --", "120363000000000002@g.us", "'); delete from turn; --", "x"),
        "a key twice" => """{"event":"messages.upsert","event":"connection.update","data":{"key":{"id":"T1","id":"T2"} },"data":null}"""u8.ToArray(),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
    };

    private static byte[] Repeated(char letter, int times) => Encoding.ASCII.GetBytes(new string(letter, times));

    private static byte[] Noise()
    {
        var noise = new byte[FourMegabytes];
        new Random(7).NextBytes(noise);
        return noise;
    }
}
