using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Channels.FakeProviders.Waha;

/// <summary>A WAHA server of our own: it listens on loopback, behaves as the real one does, remembers what it got, and misbehaves on request.</summary>
/// <remarks>Written from what the server's manual and runs of it say, not from our connector.</remarks>
public sealed class FakeWaha : IAsyncDisposable
{
    private readonly ConcurrentQueue<FakeWahaBehaviour> _script = new();
    private readonly FakeWahaHandler _handler;
    private WebApplication? _app;

    private FakeWaha(FakeWahaOptions options)
    {
        Options = options;
        Webhooks = new FakeWahaWebhooks(this);
        Life = new FakeWahaLife(this);
        _handler = new FakeWahaHandler(this);
    }

    /// <summary>What it is like.</summary>
    public FakeWahaOptions Options { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Its sessions by name.</summary>
    public ConcurrentDictionary<string, FakeWahaSession> Sessions { get; } = new(StringComparer.Ordinal);

    /// <summary>Every message it knows, in order.</summary>
    public ConcurrentQueue<FakeWahaMessage> Messages { get; } = new();

    /// <summary>What it sent.</summary>
    public IReadOnlyList<FakeWahaMessage> Sends => [.. Messages.Where(message => message.FromMe)];

    /// <summary>Posts webhooks as the server does.</summary>
    public FakeWahaWebhooks Webhooks { get; }

    /// <summary>The life of its sessions.</summary>
    public FakeWahaLife Life { get; }

    /// <summary>All calls it got, taken or not, as method and path with query.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>What stands before the server: told the call, true when it has answered.</summary>
    public Func<Microsoft.AspNetCore.Http.HttpContext, string, Task<bool>>? Before { get; set; }

    /// <summary>Starts listening.</summary>
    public static async Task<FakeWaha> StartAsync(FakeWahaOptions? options = null)
    {
        var fake = new FakeWaha(options ?? new());
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(fake._handler.HandleAsync);
        await app.StartAsync();
        fake._app = app;
        fake.Address = new Uri(app.Urls.Single());
        return fake;
    }

    /// <summary>A session that is there already.</summary>
    public FakeWahaSession AddSession(string name, string status = "WORKING", string? number = "447700900100")
    {
        var session = new FakeWahaSession(name) { Status = status, Number = number };
        Sessions[name] = session;
        return session;
    }

    /// <summary>The behaviours of the next sends, one each.</summary>
    public void Script(params ReadOnlySpan<FakeWahaBehaviour> behaviours)
    {
        foreach (var behaviour in behaviours)
        {
            _script.Enqueue(behaviour);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
        }

        Webhooks.Dispose();
    }

    internal FakeWahaBehaviour NextBehaviour() => _script.TryDequeue(out var scripted) ? scripted : new();
}
