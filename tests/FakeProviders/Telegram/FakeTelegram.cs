using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Channels.FakeProviders.Telegram;

/// <summary>A Bot API server of our own: it listens on loopback, keeps Telegram's rules about updates and webhooks, remembers what it got, and misbehaves on request.</summary>
/// <remarks>Written from the Bot API's reference and from what its server program does (queues per chat, retries, conflicts), not from our connector.</remarks>
public sealed class FakeTelegram : IAsyncDisposable
{
    private readonly FakeTelegramHandler _handler;
    private WebApplication? _app;

    private FakeTelegram(FakeTelegramOptions options)
    {
        Options = options;
        _handler = new FakeTelegramHandler(this);
    }

    /// <summary>What it is like.</summary>
    public FakeTelegramOptions Options { get; }

    /// <summary>Where it listens. Stays the same over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Its bots by token.</summary>
    public ConcurrentDictionary<string, FakeBot> Bots { get; } = new(StringComparer.Ordinal);

    /// <summary>Starts listening.</summary>
    public static async Task<FakeTelegram> StartAsync(FakeTelegramOptions? options = null)
    {
        var fake = new FakeTelegram(options ?? new());
        await fake.ListenAsync(fake.Options.Port);
        return fake;
    }

    /// <summary>A bot with this token (<c>number:secret</c>).</summary>
    public FakeBot AddBot(string token, string username) => Bots.GetOrAdd(token, _ => new FakeBot(this, token, username));

    /// <summary>Stops listening: connections are refused until <see cref="StartAgainAsync"/>.</summary>
    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
        }
    }

    /// <summary>Listens again at the same address, with everything it remembers.</summary>
    public Task StartAgainAsync() => ListenAsync(Address.Port);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var bot in Bots.Values)
        {
            bot.Updates.Webhook.Stop();
            bot.Updates.EndPoll("the server stops");
        }

        await StopAsync();
    }

    private async Task ListenAsync(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port == 0 ? FreePorts.Next() : port);
        });
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(_handler.HandleAsync);
        await app.StartAsync();
        _app = app;
        Address = new Uri(app.Urls.Single());
    }
}
