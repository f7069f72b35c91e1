using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Channels.FakeProviders.WhatsAppCloud;

/// <summary>Meta's Graph API for WhatsApp, of our own: it listens on loopback, checks what it gets as the real one does, remembers it, signs its webhooks, and misbehaves on request.</summary>
/// <remarks>Written from Meta's documents, not from our connector.</remarks>
public sealed class FakeMeta : IAsyncDisposable
{
    private readonly ConcurrentQueue<FakeMetaBehaviour> _script = new();
    private readonly FakeMetaHandler _handler;
    private WebApplication? _app;

    private FakeMeta(FakeMetaOptions options)
    {
        Options = options;
        Webhooks = new FakeMetaWebhooks(this);
        _handler = new FakeMetaHandler(this);
    }

    /// <summary>What it is like.</summary>
    public FakeMetaOptions Options { get; }

    /// <summary>Where it listens. Stays the same over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Its numbers by id.</summary>
    public ConcurrentDictionary<string, FakeNumber> Numbers { get; } = new(StringComparer.Ordinal);

    /// <summary>Business accounts that the app is subscribed to.</summary>
    public ConcurrentDictionary<string, bool> Subscribed { get; } = new(StringComparer.Ordinal);

    /// <summary>Every message it took, in order.</summary>
    public FakeMetaLedger Ledger { get; } = new();

    /// <summary>Messages that were marked read, and whether with the sign of typing.</summary>
    public ConcurrentQueue<(string MessageId, bool Typing)> Reads { get; } = new();

    /// <summary>Files by id: those that people sent, and those that were uploaded.</summary>
    public ConcurrentDictionary<string, (byte[] Bytes, string Mime)> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>All calls it got, taken or not, as method and path with query.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>The bodies of all posts, taken or not.</summary>
    public ConcurrentQueue<string> Bodies { get; } = new();

    /// <summary>The forms of all uploads, by field; of a file its name.</summary>
    public ConcurrentQueue<IReadOnlyDictionary<string, string>> Forms { get; } = new();

    /// <summary>Posts webhooks as Meta does.</summary>
    public FakeMetaWebhooks Webhooks { get; }

    /// <summary>How it treats calls that no scripted behaviour is left for.</summary>
    public FakeMetaBehaviour Behaviour { get; set; } = new();

    /// <summary>Starts listening.</summary>
    public static async Task<FakeMeta> StartAsync(FakeMetaOptions? options = null)
    {
        var fake = new FakeMeta(options ?? new());
        await fake.ListenAsync(fake.Options.Port);
        return fake;
    }

    /// <summary>A connected number of a business account.</summary>
    public FakeNumber AddNumber(string id, string businessAccount, string displayNumber) =>
        Numbers.GetOrAdd(id, _ => new FakeNumber(id, businessAccount, displayNumber));

    /// <summary>Keeps a file; its id.</summary>
    public string AddFile(byte[] bytes, string mime)
    {
        var id = (9_000_000 + Files.Count).ToString(System.Globalization.CultureInfo.InvariantCulture);
        Files[id] = (bytes, mime);
        return id;
    }

    /// <summary>The behaviours of the next sends, one each; afterwards <see cref="Behaviour"/> holds again.</summary>
    public void Script(params ReadOnlySpan<FakeMetaBehaviour> behaviours)
    {
        foreach (var behaviour in behaviours)
        {
            _script.Enqueue(behaviour);
        }
    }

    /// <summary>Completes with the next message taken from now on. Arm it before the action.</summary>
    public Task<FakeMetaSend> NextSendAsync(TimeSpan? limit = null) => Ledger.NextAsync(limit);

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

    internal FakeMetaBehaviour NextBehaviour() => _script.TryDequeue(out var scripted) ? scripted : Behaviour;

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

/// <summary>What the fake is like.</summary>
public sealed record FakeMetaOptions
{
    /// <summary>The token of the only system user there is.</summary>
    public string AccessToken { get; init; } = "fake-meta-token-0123456789";

    /// <summary>What the only app there is signs webhooks with.</summary>
    public string AppSecret { get; init; } = "fake-meta-app-secret";

    /// <summary>The port on 127.0.0.1; zero for any free one.</summary>
    public int Port { get; init; }

    /// <summary>Numbers without WhatsApp.</summary>
    public IReadOnlySet<string> UnknownNumbers { get; init; } = new HashSet<string> { "+0000" };

    /// <summary>The clock of its timestamps.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>How the fake treats a send. The default takes it.</summary>
public sealed record FakeMetaBehaviour
{
    /// <summary>Answers this status instead of sending.</summary>
    public int? FailStatus { get; init; }

    /// <summary>Meta's code beside <see cref="FailStatus"/>; none: the body is no JSON.</summary>
    public int? FailCode { get; init; }

    /// <summary>Takes the message and then never answers.</summary>
    public bool AcceptThenHang { get; init; }

    /// <summary>Takes the message and then resets the connection.</summary>
    public bool AcceptThenReset { get; init; }

    /// <summary>What happens between taking the message and answering.</summary>
    public Func<FakeMetaSend, Task>? BeforeAnswer { get; init; }
}

/// <summary>A number that Meta hosts.</summary>
/// <param name="id">Meta's id of it.</param>
/// <param name="businessAccount">The business account it belongs to.</param>
/// <param name="displayNumber">The number itself, in digits.</param>
public sealed class FakeNumber(string id, string businessAccount, string displayNumber)
{
    /// <summary>Meta's id of it.</summary>
    public string Id { get; } = id;

    /// <summary>The business account it belongs to.</summary>
    public string BusinessAccount { get; } = businessAccount;

    /// <summary>The number itself, in digits.</summary>
    public string DisplayNumber { get; } = displayNumber;

    /// <summary><c>CONNECTED</c>, or why not.</summary>
    public string Status { get; set; } = "CONNECTED";

    /// <summary>How well it is liked.</summary>
    public string Quality { get; set; } = "GREEN";

    /// <summary>What became of its display name.</summary>
    public string NameStatus { get; set; } = "APPROVED";

    /// <summary>Whether it may send, by Meta's own judgement: <c>AVAILABLE, LIMITED, BLOCKED</c>.</summary>
    public string CanSend { get; set; } = "AVAILABLE";

    /// <summary>When set, whoever asks how it stands gets this status and code instead.</summary>
    public (int Status, int Code)? ReadsFail { get; set; }

    /// <summary>A field that this version of the Graph API does not know; null knows all.</summary>
    public string? UnknownField { get; set; }

    /// <summary>What the header about the business account's budget says is spent, in percent.</summary>
    public int UsedPercent { get; set; } = 3;

    /// <summary>Where its webhooks go instead of to the app's address.</summary>
    public Uri? WebhookOverride { get; set; }
}
