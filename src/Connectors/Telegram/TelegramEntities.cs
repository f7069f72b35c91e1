using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.Telegram;

/// <summary>A command at the beginning of a text.</summary>
/// <param name="Name">Without slash and bot.</param>
/// <param name="Bot">The bot it is addressed to, where it says.</param>
/// <param name="Arguments">What follows; of <c>/start</c> the parameter of the link that led here.</param>
internal readonly record struct TelegramCommand(string Name, string? Bot, string? Arguments);

/// <summary>Reads the marks Telegram sets in a text. Their places count UTF-16 units, as ours do; whatever lies outside of the text is nobody's mark.</summary>
internal static class TelegramEntities
{
    public static TelegramCommand? CommandOf(string text, JsonElement entities)
    {
        foreach (var entity in Marks(entities))
        {
            if (entity.Text("type") == "bot_command" && Place(text, entity) is (0, > 1) mark)
            {
                var word = text[1..mark.Length];
                var at = word.IndexOf('@', StringComparison.Ordinal);
                var rest = text[mark.Length..].Trim();
                return new(at < 0 ? word : word[..at], at < 0 ? null : word[(at + 1)..], rest.Length > 0 ? rest : null);
            }
        }

        return null;
    }

    /// <summary>
    /// Whether the text calls our bot by its name, as a mention or in a command. Where the channel's owner did not say the name, any bot's name counts:
    /// with privacy on, messages that call another bot do not reach us.
    /// </summary>
    public static bool MentionsBot(string text, JsonElement entities, TelegramUpdate update)
    {
        foreach (var entity in Marks(entities))
        {
            var type = entity.Text("type");
            if (type == "text_mention" && update.BotId is { } bot && entity.Member("user").Id("id") == bot)
            {
                return true;
            }

            if (type is "mention" or "bot_command" && Place(text, entity) is (>= 0, > 1) mark && IsOurs(text.AsSpan(mark.Start, mark.Length), update.Username))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOurs(ReadOnlySpan<char> mark, string? username)
    {
        var at = mark.IndexOf('@');
        var name = at < 0 ? [] : mark[(at + 1)..];
        return username is null ? name.EndsWith("bot", StringComparison.OrdinalIgnoreCase) : name.Equals(username, StringComparison.OrdinalIgnoreCase);
    }

    private static JsonElement.ArrayEnumerator Marks(JsonElement entities) => entities.IsArray() ? entities.EnumerateArray() : default;

    private static (int Start, int Length)? Place(string text, JsonElement entity) =>
        entity.Member("offset") is { ValueKind: JsonValueKind.Number } from && from.TryGetInt32(out var start) && start >= 0
        && entity.Member("length") is { ValueKind: JsonValueKind.Number } to && to.TryGetInt32(out var length) && length > 0 && length <= text.Length - start
            ? (start, length)
            : null;
}
