using System.Text;
using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>The books: what this test counted as acknowledged is what the ledger says, and every bit of it is somewhere.</summary>
public sealed class LedgerTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task The_books_balance_after_good_repeated_poisoned_ignored_and_unanswered_messages_and_after_a_replay()
    {
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var (friend, stuck, twice) = (Spine.NewNumber(), Spine.NewNumber(), EvolutionChannel.NewId());
        agent.Behave = call => call.Text!.Contains("hang", StringComparison.Ordinal) ? null : $"{Running.Spine.Mark} answer";
        var acknowledged = 0;
        async Task DeliverAsync(byte[] body)
        {
            await shop.Channel.DeliverAsync(body);
            acknowledged++;
        }

        byte[] Message(string chat, string text, string? id = null) => EvolutionBodies.Text(shop.Name, chat, id ?? EvolutionChannel.NewId(), text);
        await DeliverAsync(Message(EvolutionBodies.Person(friend), Words("one")));
        await DeliverAsync(Message(EvolutionBodies.Person(friend), Words("two"), twice));
        await shop.SentAsync(2, friend);
        await DeliverAsync(Message(EvolutionBodies.Person(friend), Words("two"), twice));
        await DeliverAsync(Message(EvolutionBodies.Person(friend), Words("two"), twice));
        await DeliverAsync("""{"event":"messages.upsert","data":{"key":"""u8.ToArray());
        await DeliverAsync(""" {"event":"messages.upsert","data":{"key":{"id":"""u8.ToArray());
        await DeliverAsync(EvolutionBodies.Text(shop.Name, "120363000000000001@g.us", EvolutionChannel.NewId(), Words("group"), participant: EvolutionBodies.Person(friend)));
        await DeliverAsync(EvolutionBodies.Envelope("moon.landed", shop.Name, new { who = 1 }));
        await DeliverAsync(EvolutionBodies.Receipt(shop.Name, EvolutionBodies.Person(friend), shop.Sends[0].Id, "READ"));
        await DeliverAsync(Message(EvolutionBodies.Person(stuck), Words("hang")));
        await Until.TrueAsync("the agent to hang", () => agent.Calls.Any(call => call.Text!.Contains("hang", StringComparison.Ordinal)));

        var book = await SeenAsync(shop.Channel, found => Number(found, "webhooks", "waiting") == 0 && Number(found, "replies", "waiting") == 0 && Number(found, "messages", "in_progress") == 1);

        AssertBalanced(book);
        Assert.Equal((acknowledged, acknowledged - 2, 2), (Number(book, "webhooks", "accepted"), Number(book, "webhooks", "finished"), Number(book, "webhooks", "parked")));
        Assert.Equal((4, 2, 1), (Number(book, "messages", "received"), Number(book, "messages", "answered"), Number(book, "messages", "not_answered")));
        Assert.Equal((2, 2, 0, 0), (Number(book, "replies", "queued"), Number(book, "replies", "sent"), Number(book, "replies", "failed"), Number(book, "replies", "unknown")));
        Assert.Equal("message", book.GetProperty("oldest_unfinished").GetProperty("what").GetString());
        Assert.True(book.GetProperty("oldest_unfinished").GetProperty("age_seconds").GetDouble() >= 0);
        Assert.Equal(2, Dropped(book, "duplicate", "it was here already"));
        Assert.Equal(1, Dropped(book, "message", "groups are not answered on this channel"));
        Assert.Contains(book.GetProperty("dropped").EnumerateArray(), drop => drop.GetProperty("what").GetString() == "event" && drop.GetProperty("count").GetInt64() == 1);

        agent.Behave = _ => $"{Running.Spine.Mark} late";
        var cause = Assert.Single((await shop.Channel.Api.GetAsync($"/api/v1/parked-webhooks/groups?channel_id={shop.Channel.Id}")).GetProperty("groups").EnumerateArray());
        Assert.Equal(2, cause.GetProperty("count").GetInt32());
        var replay = await shop.Channel.Api.PostAsync("/api/v1/parked-webhooks/replays", new { channel_id = shop.Channel.Id, cause = cause.GetProperty("cause").GetString() });
        await ReplayedAsync(replay.GetProperty("id").GetGuid(), 2);

        // Nobody can read them still: they are parked anew, and what was accepted has not grown.
        book = await SeenAsync(shop.Channel, found => Number(found, "webhooks", "waiting") == 0 && Number(found, "webhooks", "parked") == 2 && Number(found, "messages", "in_progress") == 0);
        AssertBalanced(book);
        Assert.Equal(acknowledged, Number(book, "webhooks", "accepted"));
        Assert.Equal((4, 3, 1), (Number(book, "messages", "received"), Number(book, "messages", "answered"), Number(book, "messages", "not_answered")));
    }

    [PostgresFact]
    public async Task The_books_outlive_a_kill_and_the_operator_sees_every_tenants()
    {
        var channel = await Spine.SimulatorAsync();
        for (var number = 0; number < 5; number++)
        {
            await channel.SimulateAsync(Spine.NewNumber(), Words());
        }

        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        await channel.SimulateAsync(Spine.NewNumber(), Words());

        var book = await SeenAsync(channel, found => Number(found, "replies", "sent") == 6);
        AssertBalanced(book);
        Assert.Equal((6, 6), (Number(book, "webhooks", "accepted"), Number(book, "messages", "answered")));
        Assert.Equal(JsonValueKind.Null, book.GetProperty("oldest_unfinished").ValueKind);
        using var all = new ChannelsClient(Spine.Product.Address, Spine.Product.OperatorKey);
        var tenants = (await all.GetAsync("/api/v1/tenants/ledger")).GetProperty("tenants").EnumerateArray().ToList();
        Assert.Contains(tenants, tenant => Number(tenant.GetProperty("book"), "webhooks", "accepted") >= 6);
        Assert.All(tenants, tenant => AssertBalanced(tenant.GetProperty("book")));
    }

    [PostgresFact]
    public async Task A_replay_of_many_goes_on_after_a_kill_and_puts_none_back_twice()
    {
        const int Many = 40;
        var shop = await Spine.EvolutionAsync();
        for (var number = 0; number < Many; number++)
        {
            await shop.Channel.DeliverAsync(Encoding.UTF8.GetBytes($$"""{"number":{{number}},"broken":"""));
        }

        await shop.Channel.IdleAsync(webhooksFinished: Many);
        var request = new { channel_id = shop.Channel.Id, rate = 10 };
        var would = await shop.Channel.Api.PostAsync("/api/v1/parked-webhooks/replays", new { channel_id = shop.Channel.Id, rate = 10, dry_run = true });
        Assert.Equal((Many, 4.0), (would.GetProperty("would_replay").GetInt32(), would.GetProperty("seconds").GetDouble()));

        var id = (await shop.Channel.Api.PostAsync("/api/v1/parked-webhooks/replays", request)).GetProperty("id").GetGuid();
        await Until.SeenAsync("it to be under way", () => ReplayAsync(id), replay => replay.GetProperty("replayed").GetInt32() > 0, within: TimeSpan.FromSeconds(30));
        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();

        await ReplayedAsync(id, Many);
        var book = await SeenAsync(shop.Channel, found => Number(found, "webhooks", "waiting") == 0 && Number(found, "webhooks", "parked") == Many);
        AssertBalanced(book);
        Assert.Equal(2 * Many, (await shop.Channel.MetricsAsync()).WebhooksParked);
    }

    private Task<JsonElement> ReplayAsync(Guid id) => Spine.Tenant.GetAsync($"/api/v1/parked-webhooks/replays/{id}");

    private async Task ReplayedAsync(Guid id, int count)
    {
        var replay = await Until.SeenAsync("the replay to be done", () => ReplayAsync(id), found => found.GetProperty("state").GetString() == "done", within: TimeSpan.FromSeconds(60));
        Assert.Equal((count, count), (replay.GetProperty("matched").GetInt32(), replay.GetProperty("replayed").GetInt32()));
    }

    private static Task<JsonElement> SeenAsync(Channel channel, Func<JsonElement, bool> wanted) => Until.SeenAsync(
        $"the book of {channel.Id}",
        async () => (await channel.Api.GetAsync($"/api/v1/ledger?channel_id={channel.Id}")).GetProperty("channels").EnumerateArray().Single().GetProperty("book"),
        wanted, within: TimeSpan.FromSeconds(60));

    private static void AssertBalanced(JsonElement book)
    {
        Assert.True(book.GetProperty("balanced").GetBoolean(), book.GetRawText());
        Assert.Equal(
            Number(book, "webhooks", "accepted"), Number(book, "webhooks", "finished") + Number(book, "webhooks", "waiting") + Number(book, "webhooks", "parked"));
        Assert.Equal(
            Number(book, "messages", "received"),
            Number(book, "messages", "answered") + Number(book, "messages", "not_answered") + Number(book, "messages", "in_progress") + Number(book, "messages", "ended_before"));
        Assert.Equal(
            Number(book, "replies", "queued"),
            Number(book, "replies", "sent") + Number(book, "replies", "failed") + Number(book, "replies", "unknown") + Number(book, "replies", "waiting"));
    }

    private static long Number(JsonElement book, string of, string name) => book.GetProperty(of).GetProperty(name).GetInt64();

    private static long Dropped(JsonElement book, string what, string reason) => book.GetProperty("dropped").EnumerateArray()
        .Single(drop => drop.GetProperty("what").GetString() == what && drop.GetProperty("reason").GetString() == reason).GetProperty("count").GetInt64();
}
