namespace Channels.Cli.Settings;

/// <summary>Where to ask and as whom.</summary>
/// <param name="Url">The server, ending in a slash.</param>
/// <param name="Key">The bearer key; null to ask without.</param>
/// <param name="Tenant">For which tenant, with the operator key.</param>
internal sealed record ServerSettings(Uri Url, string? Key, string? Tenant)
{
    /// <summary>The address as people write it.</summary>
    public string Shown => Url.ToString().TrimEnd('/');

    /// <summary>Says nothing of the key: a record's own text would print it.</summary>
    public override string ToString() => Shown;

    /// <summary>Reads an address; null when it is none that can be asked.</summary>
    public static Uri? AddressOf(string written) =>
        Uri.TryCreate(written.Trim(), UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url is { UserInfo: "", Query: "", Fragment: "" }
            ? new Uri(url.ToString().TrimEnd('/') + "/")
            : null;

    /// <summary>Whether a text can be sent as a key at all.</summary>
    public static bool CanBeKey(string key) => key.Length is > 0 and <= 512 && key.All(letter => letter is > ' ' and < '\u007f');
}
