using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Channels.FakeProviders.Evolution;

/// <summary>An Evolution API gateway of our own: it listens on loopback, behaves as the real one does, remembers what it got, and misbehaves on request.</summary>
/// <remarks>
/// Written from what the gateway was seen to answer, not from our connector. One handler without routing or binding: it must not be the
/// slower side of a benchmark.
/// </remarks>
public sealed class FakeEvolution : IAsyncDisposable
{
    private readonly ConcurrentQueue<FakeBehaviour> _script = new();
    private readonly FakeEvolutionHandler _handler;
    private WebApplication? _app;

    private FakeEvolution(FakeEvolutionOptions options)
    {
        Options = options;
        LicenceMissing = options.LicenceMissing;
        Webhooks = new FakeWebhooks(this);
        Pairing = new FakePairing(this);
        _handler = new FakeEvolutionHandler(this);
    }

    /// <summary>What it is like.</summary>
    public FakeEvolutionOptions Options { get; }

    /// <summary>Where it listens. Stays the same over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Its instances by name.</summary>
    public ConcurrentDictionary<string, FakeInstance> Instances { get; } = new(StringComparer.Ordinal);

    /// <summary>Every message it took.</summary>
    public FakeLedger Ledger { get; } = new();

    /// <summary>Posts webhooks as the gateway does.</summary>
    public FakeWebhooks Webhooks { get; }

    /// <summary>The life of its connections.</summary>
    public FakePairing Pairing { get; }

    /// <summary>Version 2.4 without its activation: every business call answers 503.</summary>
    public bool LicenceMissing { get; set; }

    /// <summary>How it treats sends that no scripted behaviour is left for.</summary>
    public FakeBehaviour Behaviour { get; set; } = new();

    /// <summary>All calls it got, taken or not, as method and path.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Every send it was asked for, taken or not, in order, while <see cref="KeepsAttempts"/>.</summary>
    public ConcurrentQueue<FakeAttempt> Attempts { get; } = new();

    /// <summary>Whether <see cref="Attempts"/> is kept.</summary>
    public bool KeepsAttempts { get; set; }

    /// <summary>The signs it was asked to show ("typing…"), in order.</summary>
    public ConcurrentQueue<FakePresence> Presences { get; } = new();

    /// <summary>Whether it hangs on every sign, as a gateway does whose socket is stuck.</summary>
    public bool HangsOnPresence { get; set; }

    /// <summary>What stands before the gateway, a proxy's page or something that hangs: told the call and the instance, true when it has answered.</summary>
    public Func<Microsoft.AspNetCore.Http.HttpContext, string, string, Task<bool>>? Before { get; set; }

    /// <summary>Whether <see cref="Calls"/> is kept. Off for benches.</summary>
    public bool KeepsCalls { get; set; } = true;

    /// <summary>Starts listening.</summary>
    public static async Task<FakeEvolution> StartAsync(FakeEvolutionOptions? options = null)
    {
        var fake = new FakeEvolution(options ?? new());
        await fake.ListenAsync(fake.Options.Port);
        return fake;
    }

    /// <summary>An open instance without webhook, or what it is told to be.</summary>
    public FakeInstance AddInstance(string name, string state = "open") =>
        Instances.GetOrAdd(name, _ => new FakeInstance(name, $"token-of-{name}") { State = state, IsPaired = state == "open" });

    /// <summary>The behaviours of the next sends, one each; afterwards <see cref="Behaviour"/> holds again.</summary>
    public void Script(params ReadOnlySpan<FakeBehaviour> behaviours)
    {
        foreach (var behaviour in behaviours)
        {
            _script.Enqueue(behaviour);
        }
    }

    /// <summary>Completes with the next message taken from now on. Arm it before the action.</summary>
    public Task<FakeSend> NextSendAsync(TimeSpan? limit = null) => Ledger.NextAsync(limit);

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
        await StopAsync();
        Webhooks.Dispose();
    }

    internal FakeBehaviour NextBehaviour() => _script.TryDequeue(out var scripted) ? scripted : Behaviour;

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

/// <summary>A sign the gateway was asked to show.</summary>
/// <param name="Instance">By which number.</param>
/// <param name="To">To whom.</param>
/// <param name="Presence"><c>composing</c>, <c>paused</c>…</param>
/// <param name="Delay">For how many milliseconds; the call takes as long.</param>
public sealed record FakePresence(string Instance, string To, string Presence, int Delay);

/// <summary>A send the gateway was asked for.</summary>
/// <param name="Instance">By which number.</param>
/// <param name="To">To whom.</param>
/// <param name="Text">What.</param>
/// <param name="Behaviour">What became of it.</param>
/// <param name="At">When.</param>
public sealed record FakeAttempt(string Instance, string? To, string? Text, FakeBehaviour Behaviour, DateTimeOffset At);
