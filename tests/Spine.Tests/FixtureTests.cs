using System.Text.Json;
using Channels.Connectors.Tests;
using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>Every payload we know, posted to the running product: parsed as its index says, and with the effect that the channel's policy gives it.</summary>
public sealed class FixtureTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private static readonly PayloadIndex Own = PayloadIndex.OfSamples("Evolution");
    private static readonly PayloadIndex? Shared = PayloadIndex.OfShared("evolution");

    public static TheoryData<string> Samples => [.. Own.Files];

    // Without the shared folder the theory still has one row, which says that it was left out.
    public static TheoryData<string> SharedFixtures => Shared is null ? ["left out: no shared fixtures here"] : [.. WithEvents(Shared)];

    [PostgresTheory]
    [MemberData(nameof(Samples))]
    public Task A_sample_has_the_right_effect(string file) => AssertEffectAsync(Own, file);

    [PostgresTheory]
    [MemberData(nameof(SharedFixtures))]
    public Task A_shared_fixture_has_the_right_effect(string file) => Shared is null ? Task.CompletedTask : AssertEffectAsync(Shared, file);

    private static IEnumerable<string> WithEvents(PayloadIndex index) => index.Files.Where(file => index.EntryOf(file).GetProperty("events").GetArrayLength() > 0);

    private async Task AssertEffectAsync(PayloadIndex index, string file)
    {
        await using var gateway = await FakeEvolution.StartAsync();
        // Payloads name any number as the paired one: a channel that is not known by its number has nothing to compare.
        var shop = await Spine.EvolutionAsync(gateway: gateway, identity: $"front-desk-{Spine.Next()}");
        var body = index.BytesOf(file);
        var path = index.PathOf(file) is { Length: > 0 } given ? $"/{given}" : "";
        var expected = index.EntryOf(file).GetProperty("events");

        var preview = (await shop.Channel.Api.AskAsync(HttpMethod.Post, $"/api/v1/channels/{shop.Channel.Id}/preview{path}", new ByteArrayContent(body))).Json;
        EventComparison.Equal(expected, preview.GetProperty("events"));
        Pretend(gateway, shop, preview.GetProperty("events"));
        var answer = await shop.Channel.PostWebhookAsync(body, path: path);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.Status);

        var metrics = await shop.Channel.IdleAsync(webhooksFinished: 1);
        Assert.Equal((1, 0), (metrics.WebhooksFinished, metrics.WebhooksParked));
        var messages = new List<Message>();
        foreach (var conversation in await shop.Channel.ConversationsAsync())
        {
            messages.AddRange(await shop.Channel.MessagesAsync(conversation.Id));
        }

        // The preview's events have every field; the index only those it cares for.
        var events = preview.GetProperty("events").EnumerateArray().ToList();
        var replies = events.Where(IsAnswered).DistinctBy(one => Text(one, "message_id")).ToList();
        Assert.Equal(replies.Select(one => (Number(Text(one, "chat_id")!), Text(one, "text"))), shop.Sends.Select(send => (send.To, (string?)send.Text)));
        Assert.All(events, one => AssertRecorded(one, messages));
        Assert.Equal(replies.Count, messages.Count(message => message is { IsOut: true, Author: "agent" }));
        Assert.True(messages.Count <= events.Count(IsRecorded) + replies.Count, Channel.Shown(messages));
        if (events.LastOrDefault(one => Text(one, "action") == "update_connection") is { ValueKind: JsonValueKind.Object } connection)
        {
            Assert.Equal(StatusAfter(connection), await shop.Channel.StatusAsync());
        }
    }

    private static void AssertRecorded(JsonElement happened, List<Message> messages)
    {
        if (!IsRecorded(happened))
        {
            Assert.DoesNotContain(messages, message => Id(happened) is { } id && message.ProviderMessageId == id && message.Kind == Text(happened, "kind"));
            return;
        }

        var recorded = Assert.Single(messages, message => message.ProviderMessageId == Id(happened) && message.Kind == Text(happened, "kind"));
        switch (Text(happened, "action"))
        {
            case "process" when IsAnswered(happened):
                Assert.Equal(("in", "received", null), (recorded.Direction, recorded.Status, recorded.Reason));
                break;
            case "process":
                Assert.Equal(("in", "ignored"), (recorded.Direction, recorded.Status));
                Assert.False(string.IsNullOrEmpty(recorded.Reason));
                break;
            case "store_outbound":
                Assert.Equal(("out", "person", "sent"), (recorded.Direction, recorded.Author, recorded.Status));
                break;
            case "reconcile_outbound":
                Assert.Equal(("out", "program", "sent"), (recorded.Direction, recorded.Author, recorded.Status));
                break;
            default:
                Assert.Equal(Text(happened, "kind") == "message.unsupported" ? "unsupported" : happened.TryGetProperty("from_me", out var own) && own.ValueKind == JsonValueKind.True ? "sent" : "received", recorded.Status);
                break;
        }
    }

    // What the policy of a channel without groups and with an agent for text alone makes of it.
    private static bool IsAnswered(JsonElement happened) =>
        Text(happened, "action") == "process" && Text(happened, "chat_type") != "group" && !string.IsNullOrEmpty(Text(happened, "text")) && Text(happened, "kind") != "message.unsupported";

    private static bool IsRecorded(JsonElement happened) =>
        Text(happened, "action") is "process" or "store_only" or "store_outbound" or "reconcile_outbound" && Text(happened, "kind") != "presence" && Id(happened) is not null;

    // What a payload says of the connection is asked about seconds later: the gateway stands by it.
    private static void Pretend(FakeEvolution gateway, EvolutionChannel shop, JsonElement events)
    {
        gateway.Pairing.Connects = false;
        var last = events.EnumerateArray().LastOrDefault(one => Text(one, "action") == "update_connection");
        switch (last.ValueKind == JsonValueKind.Object ? Text(last, "kind") : null)
        {
            case "connection.connecting":
                shop.Instance.State = "connecting";
                break;
            case "connection.qr" or "connection.qr_needed":
                (shop.Instance.State, shop.Instance.IsPaired) = ("connecting", false);
                break;
            case "connection.closed" when !NeedsPairing(last):
                shop.Instance.State = "close";
                break;
            case "connection.closed" or "connection.qr_expired" or "connection.stopped":
                (shop.Instance.State, shop.Instance.IsPaired) = ("close", false);
                break;
            case "account.removed":
                gateway.Instances.Clear();
                break;
        }
    }

    private static string StatusAfter(JsonElement connection) => Text(connection, "kind") switch
    {
        // A connection that goes for a moment raises no alarm.
        "connection.open" or "connection.connecting" or "connection.unknown" => "active",
        "connection.closed" when !NeedsPairing(connection) => "active",
        "connection.qr" or "connection.qr_needed" => "connecting",
        "connection.action_required" or "account.error" => "error",
        _ => "disconnected",
    };

    private static bool NeedsPairing(JsonElement connection) => connection.TryGetProperty("needs_pairing", out var ended) && ended.ValueKind == JsonValueKind.True;

    // A call has an id of its own.
    // A vote that the gateway tells as a change of its poll has no id of its own: it is recorded under the poll's.
    private static string? Id(JsonElement happened) =>
        Text(happened, "message_id") ?? Text(happened, "call_id") ?? (Text(happened, "kind") == "message.poll_vote" ? Text(happened, "target_message_id") : null);

    private static string Number(string chat) => chat.EndsWith("@s.whatsapp.net", StringComparison.Ordinal) ? chat[..chat.IndexOf('@', StringComparison.Ordinal)] : chat;

    private static string? Text(JsonElement happened, string name) => happened.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
