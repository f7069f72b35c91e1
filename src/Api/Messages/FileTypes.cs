using Channels.Core.Connectors;
using Microsoft.AspNetCore.StaticFiles;

namespace Channels.Api.Messages;

/// <summary>What a file to be sent is, where nobody says it: providers take none of a type that they are not told.</summary>
internal static class FileTypes
{
    /// <summary>As many first bytes tell it.</summary>
    public const int Signature = 12;

    private static readonly FileExtensionContentTypeProvider _endings = new();

    /// <summary>By its name's ending; null where that tells nothing, or something that cannot be sent in this form.</summary>
    public static string? Of(string? name, FileForm form) => name is not null && _endings.TryGetContentType(name, out var type) && Fits(type, form) ? type : null;

    /// <summary>By its first bytes; likewise.</summary>
    public static string? Of(ReadOnlySpan<byte> beginning, FileForm form) => TypeOf(beginning) is { } type && Fits(type, form) ? type : null;

    private static string? TypeOf(ReadOnlySpan<byte> beginning) =>
        beginning.StartsWith("%PDF-"u8) ? "application/pdf"
        : beginning.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']) ? "image/png"
        : beginning.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
        : beginning.StartsWith("GIF8"u8) ? "image/gif"
        : beginning.Length == Signature && beginning.StartsWith("RIFF"u8) && beginning.EndsWith("WEBP"u8) ? "image/webp"
        : beginning.Length == Signature && beginning.StartsWith("RIFF"u8) && beginning.EndsWith("WAVE"u8) ? "audio/wav"
        : beginning.StartsWith("OggS"u8) ? "audio/ogg"
        : beginning.StartsWith("ID3"u8) ? "audio/mpeg"
        : beginning.Length == Signature && beginning[4..].StartsWith("ftyp"u8) ? TypeOfBrand(beginning[8..])
        : null;

    // The same container holds films, sounds and pictures.
    private static string? TypeOfBrand(ReadOnlySpan<byte> brand) =>
        brand.StartsWith("iso"u8) || brand.StartsWith("mp4"u8) || brand.SequenceEqual("avc1"u8) || brand.SequenceEqual("M4V "u8) ? "video/mp4"
        : brand.SequenceEqual("M4A "u8) ? "audio/mp4"
        : null;

    private static bool Fits(string type, FileForm form) => form switch
    {
        FileForm.Image => type.StartsWith("image/", StringComparison.Ordinal),
        FileForm.Sticker => type == "image/webp",
        FileForm.Video => type.StartsWith("video/", StringComparison.Ordinal),
        FileForm.Audio or FileForm.Voice => type.StartsWith("audio/", StringComparison.Ordinal),
        _ => true,
    };
}
