using System.Text.Json;
using System.Text.Json.Serialization;
using Channels.Core.Agents;

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

    /// <summary>The answer's reply, null when the agent chose to say nothing. False when the answer is not of the agreed form.</summary>
    public static bool TryReadReply(ReadOnlySpan<byte> answer, out string? reply)
    {
        reply = null;
        if (answer.IsEmpty)
        {
            return true;
        }

        try
        {
            var reader = new Utf8JsonReader(answer, new JsonReaderOptions { MaxDepth = 64 });
            var root = JsonElement.ParseValue(ref reader);
            if (root.ValueKind != JsonValueKind.Object || reader.Read())
            {
                return false;
            }

            if (!root.TryGetProperty("reply", out var value) || value.ValueKind == JsonValueKind.Null)
            {
                return true;
            }

            reply = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            return value.ValueKind == JsonValueKind.String;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static TurnMessage MessageOf(AgentMessage message) => new(
        message.Role, message.Kind, message.Text, message.At, message.SenderName, message.MediaJson is { } media ? JsonElement.Parse(media) : null);

    private sealed record TurnRequest(Guid TurnId, Guid ConversationId, TurnMessage Message, IReadOnlyList<TurnMessage> History, string? Context);

    private sealed record TurnMessage(
        string Role, string Kind, string? Text, DateTimeOffset At,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SenderName,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Media);
}
