using System.Text.Json;

namespace Channels.Connectors.Contract;

/// <summary>An <c>index.json</c> beside payload files: which file becomes which events.</summary>
public sealed class PayloadIndex
{
    private readonly string _folder;
    private readonly string _prefix;

    private PayloadIndex(string folder, JsonElement root, string prefix = "")
    {
        _folder = folder;
        Root = root;
        _prefix = prefix;
    }

    /// <summary>The whole index.</summary>
    public JsonElement Root { get; }

    /// <summary>The payloads, by file name.</summary>
    public IEnumerable<string> Files => Entries.Select(entry => entry.GetProperty("file").GetString()!);

    private IEnumerable<JsonElement> Entries =>
        Root.GetProperty("files").EnumerateArray().Where(entry => entry.GetProperty("file").GetString()!.StartsWith(_prefix, StringComparison.Ordinal));

    /// <summary>Reads an index; its payloads lie beside it unless another folder is named.</summary>
    public static PayloadIndex Read(string file, string? payloadFolder = null) =>
        new(payloadFolder ?? Path.GetDirectoryName(file)!, JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(file)));

    /// <summary>The files of one folder, of an index that names those of several.</summary>
    public PayloadIndex Below(string folder) => new(_folder, Root, $"{folder}/");

    /// <summary>What the index says of a file.</summary>
    public JsonElement EntryOf(string file) => Entries.Single(entry => entry.GetProperty("file").GetString() == file);

    /// <summary>The payload itself.</summary>
    public byte[] BytesOf(string file) => File.ReadAllBytes(Path.Combine(_folder, file));

    /// <summary>The sub-path it came to.</summary>
    public string PathOf(string file) => EntryOf(file).TryGetProperty("path", out var path) ? path.GetString()! : "";
}
