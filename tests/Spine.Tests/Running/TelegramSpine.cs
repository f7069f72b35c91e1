using System.Text.Json;
using Channels.FakeProviders.Telegram;

namespace Channels.Spine.Tests.Running;

/// <summary>A <see cref="Spine"/> that looks after its bots within a second, so that tests need not wait for minutes.</summary>
public sealed class TelegramSpine : Spine
{
    internal override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Channels__Intake__WatchEvery"] = "00:00:01",
        ["Channels__Intake__WatchAilingEvery"] = "00:00:01",
        ["Channels__Intake__FirstRetry"] = "00:00:00.2",
        ["Channels__Intake__MissingAfter"] = "00:00:01",
    };
}

/// <summary>A Telegram channel, its bot at a server of its own, and what its owner sees.</summary>
internal sealed class TelegramChannel(Channel channel, FakeTelegram server, FakeBot bot) : IAsyncDisposable
{
    public Channel Channel => channel;

    public FakeTelegram Server => server;

    public FakeBot Bot => bot;

    public static async Task<TelegramChannel> CreateAsync(Spine spine, string mode = "webhook", bool groups = false, bool activate = true, int sendTimeout = 20, object? agent = null, int debounce = 0)
    {
        var server = await FakeTelegram.StartAsync(new FakeTelegramOptions { FirstWait = TimeSpan.FromMilliseconds(100) });
        var number = spine.Next();
        var secret = $"AAF-secret-part-of-bot-{number}";
        var bot = server.AddBot($"{7_000_000_000 + number}:{secret}", $"shop{number}_bot");
        var channel = await spine.Tenant.CreateChannelAsync(new
        {
            name = $"Bot {number}",
            channel_type = "telegram",
            identity = bot.Username,
            config = new { botToken = bot.Token, bot_username = bot.Username, base_url = server.Address.ToString(), mode, send_timeout_seconds = sendTimeout },
            agent = agent ?? new { kind = "echo" },
            groups,
            debounce_ms = debounce,
        });
        spine.KeepSecret(channel.Secret, secret);
        if (activate)
        {
            await channel.ActivateAsync();
        }

        return new TelegramChannel(channel, server, bot);
    }

    /// <summary>The status, and the word for what is wrong.</summary>
    public async Task<(string Status, string? Code, string Whole)> StateAsync()
    {
        var state = await channel.StateAsync();
        return (state.GetProperty("status").GetString()!, Find(state, "status_code") ?? Find(state, "code"), state.GetRawText());
    }

    /// <summary>Returns when the channel is as wanted.</summary>
    public Task<(string Status, string? Code, string Whole)> SeenAsync(string status, string? word = null) => Channels.Running.Until.SeenAsync(
        $"the channel to be {status} with {word ?? "nothing wrong"}", StateAsync,
        seen => seen.Status == status && (word is null || seen.Whole.Contains(word, StringComparison.Ordinal)), seen => seen.Whole);

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    private static string? Find(JsonElement state, string name) =>
        state.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
