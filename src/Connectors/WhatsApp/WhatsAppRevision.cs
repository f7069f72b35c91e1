using System.Globalization;
using System.Text.Json;

namespace Channels.Connectors.WhatsApp;

/// <summary>Names one change of a message, so that the same change told twice is recognised and the next one is not.</summary>
internal static class WhatsAppRevision
{
    /// <summary>The change's own time in milliseconds where WhatsApp gave it, else a fingerprint of what it changed to.</summary>
    public static string Of(JsonElement milliseconds, string? content) =>
        WhatsAppValues.Integer(milliseconds) is > 0 and var time
            ? time.ToString(CultureInfo.InvariantCulture)
            : Fingerprint(content ?? "");

    /// <summary>FNV-1a: the same on every machine and in every process, unlike <see cref="string.GetHashCode()"/>.</summary>
    private static string Fingerprint(string text)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var unit in text)
        {
            hash = (hash ^ unit) * 1_099_511_628_211UL;
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
