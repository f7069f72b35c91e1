using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Channels.Core.Agents;
using Channels.Core.Text;

namespace Channels.Agents.Http;

/// <summary>What an HTTP agent gets and answers, in snake_case.</summary>
internal static class HttpAgentPayloads
{
    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        MaxDepth = 64,
    };

    public static byte[] Request(AgentTurn turn) => JsonSerializer.SerializeToUtf8Bytes(
        new TurnRequest(turn.TurnId, turn.Conversation.Value, MessageOf(turn.Message), [.. turn.History.Select(MessageOf)], turn.Context), _options);

    /// <summary>What an answer looks like, in words.</summary>
    public static string Form => """{"reply": "…", "options": ["…"], "hand_over": false}""";

    /// <summary>What the answer says. Null when it is not of the agreed form.</summary>
    public static HttpAgentAnswer? Read(ReadOnlyMemory<byte> answer)
    {
        // Some frameworks put it before everything that they call UTF-8.
        answer = answer.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? answer[3..] : answer;
        if (answer.IsEmpty)
        {
            return HttpAgentAnswer.Nothing;
        }

        // Other letters than UTF-8's would arrive as nobody wrote them; half an emoji, where a text was cut to a length, spoils nothing but itself.
        if (!Utf8.IsValid(answer.Span))
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(MendedJson.Of(answer).Span, new JsonReaderOptions { MaxDepth = 64 });
            var root = JsonElement.ParseValue(ref reader);
            return root.ValueKind == JsonValueKind.Object && !reader.Read() ? Read(root) : null;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static HttpAgentAnswer? Read(JsonElement root)
    {
        var (reply, options, handOver) = (Member(root, "reply"), Member(root, "options"), Member(root, "hand_over"));
        if (!IsOfTheForm(root) || reply is { ValueKind: not JsonValueKind.String } || handOver is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) }
            || options is { ValueKind: not JsonValueKind.Array })
        {
            return null;
        }

        string?[] offered = [.. options?.EnumerateArray().Select(option => option.ValueKind == JsonValueKind.String ? option.GetString() : null) ?? []];
        return AgentOptions.AreValid(offered) ? new(reply?.GetString(), [.. offered.OfType<string>()], handOver is { ValueKind: JsonValueKind.True }) : null;
    }

    // What says something, and nothing that we know, was meant to be said: it is no wish to be silent.
    private static bool IsOfTheForm(JsonElement root)
    {
        var isEmpty = true;
        foreach (var member in root.EnumerateObject())
        {
            if (member.NameEquals("reply") || member.NameEquals("options") || member.NameEquals("hand_over"))
            {
                return true;
            }

            isEmpty = false;
        }

        return isEmpty;
    }

    // Null means the same as absent.
    private static JsonElement? Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static TurnMessage MessageOf(AgentMessage message) => new(
        message.Role, message.Kind, message.Text, message.At, message.SenderName, message.MediaJson is { } media ? JsonElement.Parse(media) : null,
        message.File?.Status, message.File?.Reason);

    private sealed record TurnRequest(Guid TurnId, Guid ConversationId, TurnMessage Message, IReadOnlyList<TurnMessage> History, string? Context);

    private sealed record TurnMessage(
        string Role, string Kind, string? Text, DateTimeOffset At,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SenderName,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Media,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? MediaStatus,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? MediaReason);
}

/// <summary>What an HTTP agent says.</summary>
/// <param name="Text">The reply; null or blank to say nothing.</param>
/// <param name="Options">What the contact may choose from.</param>
/// <param name="HandOver">Whether a person must answer from now on.</param>
internal sealed record HttpAgentAnswer(string? Text, ImmutableArray<string> Options, bool HandOver)
{
    public static HttpAgentAnswer Nothing { get; } = new(null, [], false);
}
