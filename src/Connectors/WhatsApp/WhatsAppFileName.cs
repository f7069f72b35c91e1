using System.Collections.Frozen;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsApp;

/// <summary>What a file is called on its way out.</summary>
/// <remarks>
/// Evolution refuses a document's bytes without a name, calls one from an address what stands there before some dot, and reads its type off the name's
/// ending: some versions (2.3.3 to 2.3.6) also where the type is given, and then send a file of no type at all when the ending tells none.
/// </remarks>
internal static class WhatsAppFileName
{
    private const string UnknownEnding = ".bin";

    private static readonly FrozenDictionary<string, string> _endings = new Dictionary<string, string>
    {
        ["application/pdf"] = ".pdf",
        ["application/json"] = ".json",
        ["application/msword"] = ".doc",
        ["application/rtf"] = ".rtf",
        ["application/vnd.ms-excel"] = ".xls",
        ["application/vnd.ms-powerpoint"] = ".ppt",
        ["application/vnd.oasis.opendocument.spreadsheet"] = ".ods",
        ["application/vnd.oasis.opendocument.text"] = ".odt",
        ["application/vnd.openxmlformats-officedocument.presentationml.presentation"] = ".pptx",
        ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"] = ".xlsx",
        ["application/vnd.openxmlformats-officedocument.wordprocessingml.document"] = ".docx",
        ["application/xml"] = ".xml",
        ["application/zip"] = ".zip",
        ["audio/mpeg"] = ".mp3",
        ["image/jpeg"] = ".jpg",
        ["image/png"] = ".png",
        ["text/calendar"] = ".ics",
        ["text/csv"] = ".csv",
        ["text/html"] = ".html",
        ["text/plain"] = ".txt",
        ["video/mp4"] = ".mp4",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, string> _types = _endings.Select(pair => KeyValuePair.Create(pair.Value, pair.Key))
        .Concat(new Dictionary<string, string>
        {
            [".jpeg"] = "image/jpeg",
            [".gif"] = "image/gif",
            [".webp"] = "image/webp",
            [".ogg"] = "audio/ogg",
            [".m4a"] = "audio/mp4",
            [".aac"] = "audio/aac",
            [".wav"] = "audio/wav",
        }).ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>What a file is by its name's ending, or its address's; null where that tells nothing, or what cannot be sent in this form. Not of films and voice notes: the gateway makes them what they should be.</summary>
    public static string? TypeOf(OutboundContent.File file) =>
        _types.GetValueOrDefault(Path.GetExtension(string.IsNullOrEmpty(file.FileName) ? InAddress(file.Url) : file.FileName) ?? "") is { } type && Fits(type, file.Form) ? type : null;

    /// <summary>The same as <see cref="Of"/>, and never nothing: what has no name is called by its address's, or by a plain word.</summary>
    public static string Always(OutboundContent.File file) => Of(file) is { Length: > 0 } name ? name : InAddress(file.Url) ?? Of(file with { FileName = "file" })!;

    private static bool Fits(string type, FileForm form) => form switch
    {
        FileForm.Image => type.StartsWith("image/", StringComparison.Ordinal),
        FileForm.Audio => type.StartsWith("audio/", StringComparison.Ordinal),
        _ => form == FileForm.Document,
    };

    /// <summary>The name it was given, with its type's ending where it has none that is one; for a document without a name the end of its address, or a plain word with its type's ending.</summary>
    public static string? Of(OutboundContent.File file) =>
        string.IsNullOrEmpty(file.FileName) ? (file.Form == FileForm.Document ? InAddress(file.Url) ?? $"document{EndingOf(file.Mime)}" : file.FileName)
        : EndingOf(file.Mime) is var ending && ending != UnknownEnding && !IsEnding(Path.GetExtension(file.FileName)) ? $"{file.FileName}{ending}"
        : file.FileName;

    // "Lista 3.0" and "Invoice for Ltd. Smith" have none.
    private static bool IsEnding(string end) => end.Length is >= 3 and <= 6 && end[1..].All(char.IsAsciiLetterOrDigit) && end[1..].Any(char.IsAsciiLetter);

    private static string? InAddress(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && Path.HasExtension(address.Segments[^1]) ? Plain(Uri.UnescapeDataString(address.Segments[^1])) : null;

    private static string Plain(string name) => string.Concat(name.Select(letter => letter is '/' or '\\' || char.IsControl(letter) ? '_' : letter));

    private static string EndingOf(string? mime) => _endings.GetValueOrDefault(mime?.Split(';')[0].Trim() ?? "", UnknownEnding);
}
