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

    /// <summary>Its own address, as <c>sender</c> of every webhook.</summary>
    public string OwnJid { get; set; } = "447700900100@s.whatsapp.net";

    /// <summary>Where it posts, or null.</summary>
    public Uri? WebhookUrl { get; internal set; }

    /// <summary>What it adds to every post.</summary>
    public IReadOnlyDictionary<string, string> WebhookHeaders { get; internal set; } = new Dictionary<string, string>();

    /// <summary>The events asked for.</summary>
    public IReadOnlyList<string> WebhookEvents { get; internal set; } = [];
}
