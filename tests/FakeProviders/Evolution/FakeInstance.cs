using System.Collections.Concurrent;

namespace Channels.FakeProviders.Evolution;

/// <summary>One instance on the fake gateway.</summary>
public sealed class FakeInstance(string name, string token)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Its own key.</summary>
    public string Token { get; } = token;

    /// <summary><c>open, connecting</c> or <c>close</c>.</summary>
    public string State { get; set; } = "open";

    /// <summary>Whether a phone is linked: it reconnects without a code.</summary>
    public bool IsPaired { get; set; }

    /// <summary>What the gateway's database says of it: <c>open</c> from the pairing to its end, <c>connecting</c> while a code is out.</summary>
    public string ConnectionStatus => IsPaired ? "open" : State == "connecting" ? "connecting" : "close";

    /// <summary>The last code there was; the gateway clears it only when it gives up.</summary>
    public string? Code { get; internal set; }

    /// <summary>Whether somebody was told to scan <see cref="Code"/>: what the gateway answers with otherwise is stale.</summary>
    internal bool IsCodeOut { get; set; }

    /// <summary>How often it was told to connect while it was reconnecting: each time the gateway opens a second connection, and the two fight for ever.</summary>
    public int SecondConnections { get; internal set; }

    /// <summary>How many codes were given since it was made or its codes last ran out, for however many pairings.</summary>
    public int Codes { get; set; }

    /// <summary>The phone's number, when it was given: only then there is a code to type.</summary>
    public string? Number { get; internal set; }

    /// <summary>Its own address, as <c>sender</c> of every webhook; null before it was ever paired.</summary>
    public string? OwnJid { get; set; }

    /// <summary>The files of the messages it has kept, by the message's id.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Where it posts, or null.</summary>
    public Uri? WebhookUrl { get; internal set; }

    /// <summary>What it adds to every post.</summary>
    public IReadOnlyDictionary<string, string> WebhookHeaders { get; internal set; } = new Dictionary<string, string>();

    /// <summary>The events asked for.</summary>
    public IReadOnlyList<string> WebhookEvents { get; internal set; } = [];
}
