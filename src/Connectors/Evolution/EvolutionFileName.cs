using System.Collections.Frozen;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>What a file is called on its way out.</summary>
/// <remarks>
/// The gateway refuses a document's bytes without a name, calls one from an address what stands there before some dot, and reads its type off the
/// name's ending where nobody gives one.
/// </remarks>
internal static class EvolutionFileName
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

    /// <summary>The name it was given; for a document without one the end of its address, or a plain word with its type's ending.</summary>
    public static string? Of(OutboundContent.File file) =>
        !string.IsNullOrEmpty(file.FileName) || file.Form != FileForm.Document ? file.FileName
        : InAddress(file.Url) ?? $"document{EndingOf(file.Mime)}";

    private static string? InAddress(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && Path.HasExtension(address.Segments[^1]) ? Plain(Uri.UnescapeDataString(address.Segments[^1])) : null;

    private static string Plain(string name) => string.Concat(name.Select(letter => letter is '/' or '\\' || char.IsControl(letter) ? '_' : letter));

    private static string EndingOf(string? mime) => _endings.GetValueOrDefault(mime?.Split(';')[0].Trim() ?? "", UnknownEnding);
}
