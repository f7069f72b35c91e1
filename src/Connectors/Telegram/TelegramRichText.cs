using System.Text;
using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.Telegram;

/// <summary>The plain words of a rich message (Bot API 10): blocks within blocks, of which we keep what can be read aloud, one line a block.</summary>
internal static class TelegramRichText
{
    private const int Longest = 65_536;

    // What holds words or further blocks, in reading order; the other members are looks, files and addresses.
    private static readonly string[] _holders = ["label", "summary", "text", "alternative_text", "expression", "blocks", "items", "cells", "caption", "credit"];

    public static string Of(JsonElement rich)
    {
        var text = new StringBuilder();
        Add(rich, text);
        return text.ToString().Trim();
    }

    // No deeper than the body itself, which has a limit.
    private static void Add(JsonElement element, StringBuilder text)
    {
        if (text.Length > Longest)
        {
            return;
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                text.Append(element.AsText());
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Add(item, text);
                }

                break;
            case JsonValueKind.Object:
                AddObject(element, text);
                break;
        }
    }

    private static void AddObject(JsonElement element, StringBuilder text)
    {
        var before = text.Length;
        foreach (var name in _holders)
        {
            Add(element.Member(name), text);
        }

        if (text.Length > before && IsLine(element) && text[^1] != '\n')
        {
            text.Append('\n');
        }
    }

    private static bool IsLine(JsonElement element) =>
        element.Member("blocks").IsArray() || element.Text("type") is "paragraph" or "heading" or "pre" or "footer" or "blockquote" or "pullquote" or "list" or "table" or "details" or "map"
            or "photo" or "video" or "audio" or "animation" or "voice_note";
}
