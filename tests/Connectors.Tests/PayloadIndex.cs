using System.Text.Json;

namespace Channels.Connectors.Tests;

/// <summary>An <c>index.json</c> beside payload files: which file becomes which events.</summary>
internal sealed class PayloadIndex
{
    private readonly string _folder;
    private readonly JsonElement _root;

    private PayloadIndex(string folder, JsonElement root)
    {
        _folder = folder;
        _root = root;
    }

    public JsonElement Root => _root;

    public IEnumerable<string> Files => Entries.Select(entry => entry.GetProperty("file").GetString()!);

    private IEnumerable<JsonElement> Entries => _root.GetProperty("files").EnumerateArray();

    public static PayloadIndex Read(string file, string? payloadFolder = null) =>
        new(payloadFolder ?? Path.GetDirectoryName(file)!, JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(file)));

    /// <summary>Our own samples of a kind.</summary>
    public static PayloadIndex OfSamples(string folder) => Read(Path.Combine(Places.Root, "src", "Connectors", folder, "samples", "index.json"));

    /// <summary>The shared fixtures of a kind, or null when the shared folder is not there.</summary>
    public static PayloadIndex? OfShared(string kind) => Places.Shared is { } shared
        ? Read(Path.Combine(shared, "fixtures", kind, "index.json"), Path.Combine(shared, "fixtures"))
        : null;

    public JsonElement EntryOf(string file) => Entries.Single(entry => entry.GetProperty("file").GetString() == file);

    public byte[] BytesOf(string file) => File.ReadAllBytes(Path.Combine(_folder, file));

    public string PathOf(string file) => EntryOf(file).TryGetProperty("path", out var path) ? path.GetString()! : "";
}
