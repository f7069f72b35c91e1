using System.Net;
using System.Text.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class HistoryTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private static readonly DateTimeOffset Then = new(2026, 2, 1, 9, 0, 0, TimeSpan.Zero);

    [PostgresFact]
    public async Task What_was_said_before_comes_in_is_not_answered_and_stands_before_what_is_said_since()
    {
        var shop = await Spine.EvolutionAsync();
        var number = Spine.NewNumber();
        var past = Past(shop, number, 230);
        var now = Words("and now?");
        await shop.SaysAsync(number, now);
        await shop.SentAsync(1);

        var begun = await shop.Channel.Api.PostAsync($"/api/v1/channels/{shop.Channel.Id}/import-history", new { strategy = "all" });
        var again = await shop.Channel.Api.PostAsync($"/api/v1/channels/{shop.Channel.Id}/import-history", new { strategy = "all" });
        var done = await DoneAsync(shop.Channel);

        Assert.True(begun.GetProperty("success").GetBoolean());
        Assert.Equal(begun.GetProperty("workflow_id").GetGuid(), again.GetProperty("workflow_id").GetGuid());
        Assert.Equal("done", done.GetProperty("state").GetString());
        // Its own two of today are among them, and known.
        Assert.InRange(done.GetProperty("messages_read").GetInt64(), 231, 233);
        var texts = await TextsAsync(shop.Channel, number, past.Count + 2);
        Assert.Equal([.. past, now, now], texts);
        Assert.Single(shop.Sends);

        // Once more: nothing is doubled.
        var second = await shop.Channel.Api.PostAsync($"/api/v1/channels/{shop.Channel.Id}/import-history", new { strategy = "recent", limit = 50 });
        Assert.NotEqual(begun.GetProperty("workflow_id").GetGuid(), second.GetProperty("workflow_id").GetGuid());
        Assert.Equal(50, (await DoneAsync(shop.Channel)).GetProperty("messages_read").GetInt64());
        await shop.SaysAsync(number, Words("bye"));
        await shop.SentAsync(2);
        Assert.Equal(past.Count + 4, (await TextsAsync(shop.Channel, number, past.Count + 4)).Count);
    }

    [PostgresFact]
    public async Task New_only_imports_nothing_and_a_gateway_that_refuses_says_what_to_do()
    {
        var shop = await Spine.EvolutionAsync();
        Past(shop, Spine.NewNumber(), 3);
        var path = $"/api/v1/channels/{shop.Channel.Id}/import-history";

        var nothing = await shop.Channel.Api.PostAsync(path, new { strategy = "new_only" });
        Assert.Equal("done", nothing.GetProperty("state").GetString());
        Assert.Equal(0, (await shop.Channel.Api.GetAsync(path)).GetProperty("messages_read").GetInt64());

        shop.Gateway.Instances.TryRemove(shop.Name, out _);
        await shop.Channel.Api.PostAsync(path, new { strategy = "all" });
        var failed = await DoneAsync(shop.Channel);
        Assert.Equal("failed", failed.GetProperty("state").GetString());
        Assert.NotEqual("", failed.GetProperty("next_step").GetString());

        var wrong = await shop.Channel.Api.AskAsync(HttpMethod.Post, path, System.Net.Http.Json.JsonContent.Create(new { strategy = "everything" }));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
        var simulator = await Spine.SimulatorAsync();
        var unable = await simulator.Api.AskAsync(HttpMethod.Post, $"/api/v1/channels/{simulator.Id}/import-history", null);
        Assert.Equal(HttpStatusCode.Conflict, unable.Status);
    }

    [PostgresFact]
    public async Task An_import_that_runs_is_cancelled_and_keeps_what_it_has()
    {
        var shop = await Spine.EvolutionAsync();
        Past(shop, Spine.NewNumber(), 900);
        var path = $"/api/v1/channels/{shop.Channel.Id}/import-history";
        await shop.Channel.Api.PostAsync(path, new { strategy = "all" });
        await Until.SeenAsync("a first page", () => shop.Channel.Api.GetAsync(path), import => import.GetProperty("messages_read").GetInt64() >= 100);

        var cancelled = await shop.Channel.Api.DeleteAsync(path);

        Assert.Equal("cancelled", cancelled.GetProperty("state").GetString());
        Assert.InRange(cancelled.GetProperty("messages_read").GetInt64(), 100, 899);
        var read = cancelled.GetProperty("messages_read").GetInt64();
        await Task.Delay(1_500);
        Assert.Equal(read, (await shop.Channel.Api.GetAsync(path)).GetProperty("messages_read").GetInt64());
    }

    private List<string> Past(EvolutionChannel shop, string number, int messages)
    {
        var texts = new List<string>();
        for (var n = 0; n < messages; n++)
        {
            var text = Words($"long ago {n}");
            texts.Add(text);
            shop.Gateway.Ledger.AddPast(shop.Name, EvolutionBodies.Person(number), fromMe: n % 2 == 1, $"PAST{number}{n:000}", text, Then.AddMinutes(n));
        }

        return texts;
    }

    private static Task<JsonElement> DoneAsync(Channel channel) => Until.SeenAsync(
        "the end of the import", () => channel.Api.GetAsync($"/api/v1/channels/{channel.Id}/import-history"), import => import.GetProperty("state").GetString() != "running",
        within: TimeSpan.FromSeconds(60));

    private static async Task<IReadOnlyList<string?>> TextsAsync(Channel channel, string number, int count)
    {
        var messages = await Until.SeenAsync("all messages", () => channel.MessagesWithAsync(EvolutionBodies.Person(number)), found => found.Count >= count, found => $"{found.Count} messages");
        return [.. messages.Select(message => message.Text)];
    }
}
