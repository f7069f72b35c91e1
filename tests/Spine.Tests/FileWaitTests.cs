using System.Text;
using Channels.Running;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>A message whose file must be fetched, and an agent that wants it with the message.</summary>
public sealed class FileWaitTests(TelegramSpine spine) : SpineTest(spine), IClassFixture<TelegramSpine>
{
    private const long Mira = 44001;
    private const long Ben = 44002;
    private readonly TaskCompletionSource _given = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [PostgresFact]
    public async Task A_turn_waits_for_its_file_says_so_and_holds_up_its_own_conversation_only()
    {
        await using var agent = await AgentServer.StartAsync();
        await using var shop = await CreateAsync(agent);
        var (caption, behind, other) = (Words("look"), Words("behind it"), Words("somebody else"));

        SendsPicture(shop, Mira, caption);
        shop.Bot.Updates.PersonSays(shop.Bot.Person(Mira), behind);
        var conversation = (await Until.SeenAsync("her conversation", shop.Channel.ConversationsAsync, found => found.Count == 1))[0].Id;
        var waits = (await Until.SeenAsync(
            "the wait", () => shop.Channel.Api.GetAsync($"/api/v1/conversations/{conversation}"), seen => seen.TryGetProperty("waits_for", out _), seen => seen.ToString())).GetProperty("waits_for");
        shop.Bot.Updates.PersonSays(shop.Bot.Person(Ben), other);
        await Until.TrueAsync("the other conversation to be answered", () => agent.Calls.Any(call => call.Text == other));
        var asked = await AskedStepAsync(shop, waits.GetProperty("message_id").GetGuid());
        Assert.Single(agent.Calls);
        _given.SetResult();

        await Until.TrueAsync("both messages to be asked about", () => agent.Calls.Count == 3);
        var (first, second) = (agent.Calls.ElementAt(1), agent.Calls.ElementAt(2));
        Assert.Equal((caption, "stored"), (first.Text, first.File.Status));
        Assert.Equal(Picture, await shop.Channel.Api.BytesAsync($"/api/v1/media/{first.File.MediaId}"));
        Assert.Equal((behind, null), (second.Text, second.File.Status));
        Assert.Equal("stored", second.HistoryFiles[0]);
        Assert.Equal("file", waits.GetProperty("what").GetString());
        Assert.Contains("waits for its file until", asked, StringComparison.Ordinal);
        await shop.Channel.IdleAsync(webhooksFinished: 3);
        Assert.False((await shop.Channel.Api.GetAsync($"/api/v1/conversations/{conversation}")).TryGetProperty("waits_for", out _));
    }

    [PostgresFact]
    public async Task When_the_wait_is_over_the_agent_is_asked_without_the_file_and_it_is_kept_when_it_comes()
    {
        await using var agent = await AgentServer.StartAsync();
        await using var shop = await CreateAsync(agent, wait: 1);

        SendsPicture(shop, Mira, Words("look"));
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);
        var call = Assert.Single(agent.Calls);
        _given.SetResult();

        Assert.Equal(("pending", null), (call.File.Status, call.File.MediaId));
        await Until.SeenAsync("the file, kept", () => shop.Channel.RawMessagesWithAsync($"{Mira}"), found => found.Any(message => message.TryGetProperty("media_id", out _)));
        await shop.Channel.IdleAsync(webhooksFinished: 1);
        Assert.Single(agent.Calls);
    }

    [PostgresFact]
    public async Task A_file_that_is_gone_ends_the_wait_and_the_agent_hears_why()
    {
        await using var agent = await AgentServer.StartAsync();
        await using var shop = await CreateAsync(agent, wait: 300);

        SendsPicture(shop, Mira, Words("look"), file: "gone");

        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);
        var file = Assert.Single(agent.Calls).File;
        Assert.Equal("missing", file.Status);
        Assert.Contains("invalid file_id", file.Reason, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task An_agent_that_takes_no_files_does_not_wait()
    {
        await using var agent = await AgentServer.StartAsync();
        await using var shop = await TelegramChannel.CreateAsync(Spine, agent: new { kind = "http", url = agent.Url });
        Hold(shop);

        SendsPicture(shop, Mira, Words("look"));

        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);
        Assert.Equal("pending", Assert.Single(agent.Calls).File.Status);
        _given.SetResult();
    }

    [PostgresFact]
    public async Task A_crash_while_it_waits_loses_neither_the_turn_nor_the_file()
    {
        await using var agent = await AgentServer.StartAsync();
        await using var shop = await CreateAsync(agent, wait: 300);
        SendsPicture(shop, Mira, Words("look"));
        await Until.SeenAsync("the turn to wait", shop.Channel.MetricsAsync, seen => seen is { TurnsWaiting: 1, WebhooksWaiting: 0 });

        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        await Until.SeenAsync("the turn to wait still", shop.Channel.MetricsAsync, seen => seen.TurnsWaiting == 1);
        Assert.Empty(agent.Calls);
        _given.SetResult();

        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);
        Assert.Equal("stored", Assert.Single(agent.Calls).File.Status);
        await shop.Channel.IdleAsync(webhooksFinished: 1);
    }

    [PostgresFact]
    public async Task A_burst_waits_for_the_file_of_any_of_its_messages()
    {
        await using var agent = await AgentServer.StartAsync();
        await using var shop = await CreateAsync(agent, wait: 300, debounce: 10_000);
        var (words, caption) = (Words("this one"), Words("look"));

        shop.Bot.Updates.PersonSays(shop.Bot.Person(Mira), words);
        SendsPicture(shop, Mira, caption);
        await Until.SeenAsync("both turns to wait", shop.Channel.MetricsAsync, seen => seen.TurnsWaiting == 2);
        _given.SetResult();

        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty, within: TimeSpan.FromSeconds(45));
        await shop.Channel.IdleAsync(webhooksFinished: 2);
        var call = Assert.Single(agent.Calls);
        Assert.Equal(($"{words}\n{caption}", "stored"), (call.Text, call.File.Status));
    }

    private static byte[] Picture { get; } = Encoding.UTF8.GetBytes("a picture of a boat");

    private async Task<TelegramChannel> CreateAsync(AgentServer agent, int wait = 60, int debounce = 0)
    {
        var shop = await TelegramChannel.CreateAsync(
            Spine, agent: new { kind = "http", url = agent.Url, accepts_media = true, file_wait_seconds = wait }, debounce: debounce);
        Hold(shop);
        return shop;
    }

    private void Hold(TelegramChannel shop)
    {
        shop.Bot.Files["boat"] = Picture;
        shop.Bot.BeforeFile = _ => _given.Task;
    }

    private static void SendsPicture(TelegramChannel shop, long who, string caption, string file = "boat")
    {
        var person = shop.Bot.Person(who);
        shop.Bot.Updates.Happened(
            "message",
            new
            {
                message_id = person.NextMessage(), from = new { id = who, first_name = person.Name }, chat = person.Shown(), date = 1767261600, caption,
                photo = new[] { new { file_id = file, file_unique_id = file, width = 90, height = 90 } },
            },
            $"{who}");
    }

    private static async Task<string> AskedStepAsync(TelegramChannel shop, Guid message)
    {
        var steps = (await shop.Channel.Api.GetAsync($"/api/v1/messages/{message}/timeline")).GetProperty("steps").EnumerateArray();
        return steps.Single(step => step.GetProperty("step").GetString() == "asked").GetProperty("what").GetString()!;
    }
}
