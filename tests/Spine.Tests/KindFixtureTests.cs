using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Tests;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>Every payload we know of WAHA, Meta's Cloud API and Telegram, posted to the running product as its provider would: parsed as its index says, and recorded once.</summary>
public sealed class KindFixtureTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private const string Secret = "webhook-secret-of-every-fixture";
    private const string AppSecret = "shared-app-secret-0001";
    private const string Nowhere = "http://127.0.0.1:1";

    private static readonly Dictionary<string, PayloadIndex?> Indexes = new()
    {
        ["waha"] = PayloadIndex.OfShared("waha"), ["whatsapp_cloud"] = PayloadIndex.OfSharedSet("whatsapp_cloud"), ["telegram"] = PayloadIndex.OfSharedSet("telegram"),
    };

    // Without the shared folder the theory still has one row, which says that it was left out.
    public static TheoryData<string, string> Fixtures
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (kind, index) in Indexes)
            {
                foreach (var file in index?.Files.Where(file => index.EntryOf(file).GetProperty("events").GetArrayLength() > 0) ?? [])
                {
                    rows.Add(kind, file);
                }
            }

            if (!rows.Any())
            {
                rows.Add("left out", "no shared fixtures here");
            }

            return rows;
        }
    }

    [PostgresTheory]
    [MemberData(nameof(Fixtures))]
    public async Task A_fixture_is_read_as_its_index_says_and_recorded_once(string kind, string file)
    {
        if (Indexes.GetValueOrDefault(kind) is not { } index)
        {
            return;
        }

        var body = index.BytesOf(file);
        var expected = index.EntryOf(file).GetProperty("events");
        using var tenant = await ChannelsClient.NewTenantAsync(Spine.Product, "fixtures");
        Spine.KeepSecret(tenant.Key);
        var channel = await ChannelAsync(tenant, kind, body, expected);

        var preview = (await tenant.AskAsync(HttpMethod.Post, $"/api/v1/channels/{channel.Id}/preview", new ByteArrayContent(body))).Json.GetProperty("events");
        EventComparison.Equal(expected, preview);

        // Providers repeat: the second is known.
        Assert.Equal(HttpStatusCode.OK, await PostAsync(tenant, channel, kind, body));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(tenant, channel, kind, body));

        var metrics = await channel.IdleAsync(webhooksFinished: 2);
        Assert.Equal((2, 0), (metrics.WebhooksFinished, metrics.WebhooksParked));
        var messages = new List<Message>();
        foreach (var conversation in await channel.ConversationsAsync())
        {
            messages.AddRange(await channel.MessagesAsync(conversation.Id));
        }

        foreach (var happened in preview.EnumerateArray())
        {
            var alike = messages.Where(message => message.Kind == Text(happened, "kind") && (Text(happened, "message_id") is not { } id || message.ProviderMessageId == id)).ToList();
            if (Text(happened, "action") is "process" or "store_outbound" or "reconcile_outbound" || (Text(happened, "action") == "store_only" && Text(happened, "kind") != "presence"))
            {
                Assert.True(alike.Count == 1, $"{Text(happened, "kind")} is recorded {alike.Count} times: {Channel.Shown(messages)}");
            }
            else
            {
                Assert.True(alike.Count == 0, $"{Text(happened, "kind")} is recorded: {Channel.Shown(messages)}");
            }
        }
    }

    // Not activated: webhooks of any channel are stored and read, whatever its status.
    private static Task<Channel> ChannelAsync(ChannelsClient tenant, string kind, byte[] body, JsonElement expected)
    {
        var account = expected.EnumerateArray().Select(happened => Text(happened, "account")).FirstOrDefault(name => name is not null) ?? "5550000001";
        object config = kind switch
        {
            "waha" => new { base_url = Nowhere, session = account, api_key = "a-waha-key-of-the-fixtures" },
            "telegram" => new { base_url = Nowhere, bot_token = $"{account.Replace("bot:", "", StringComparison.Ordinal)}:AAF-token-of-the-fixtures-0123456789", bot_username = "shop_test_bot" },
            _ => new
            {
                base_url = Nowhere, phone_number_id = NumberOf(body), business_account_id = BusinessOf(body), access_token = "a-token-of-the-fixtures",
                app_secret = AppSecret, verify_token = "a-verify-token-of-the-fixtures",
            },
        };
        return tenant.CreateChannelAsync(new { name = "Fixture", channel_type = kind, identity = account, webhook_secret = Secret, config, agent = new { kind = "none" }, groups = true });
    }

    // Whose it is: news of a template or the like is about the business as a whole, and any of its numbers does.
    private static string NumberOf(byte[] body) =>
        JsonSerializer.Deserialize<JsonElement>(body).GetProperty("entry")[0].GetProperty("changes")[0].GetProperty("value") is var value
        && value.TryGetProperty("metadata", out var metadata) && Text(metadata, "phone_number_id") is { } number
            ? number
            : "200000000000101";

    private static string BusinessOf(byte[] body) =>
        JsonSerializer.Deserialize<JsonElement>(body).GetProperty("entry")[0].GetProperty("id").GetString()!;

    private static async Task<HttpStatusCode> PostAsync(ChannelsClient tenant, Channel channel, string kind, byte[] body)
    {
        var proof = kind switch
        {
            "waha" => ("X-Webhook-Hmac", Convert.ToHexStringLower(HMACSHA512.HashData(Encoding.UTF8.GetBytes(Secret), body))),
            "telegram" => ("X-Telegram-Bot-Api-Secret-Token", Secret),
            _ => ("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(AppSecret), body))}"),
        };
        return (await tenant.AskAsync(HttpMethod.Post, channel.WebhookUrl.AbsolutePath, new ByteArrayContent(body), proof)).Status;
    }

    private static string? Text(JsonElement happened, string name) => happened.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
