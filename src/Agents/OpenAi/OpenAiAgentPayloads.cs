using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Channels.Core.Agents;
using Channels.Core.Text;

namespace Channels.Agents.OpenAi;

/// <summary>What a model is told: who it is, what its tenant knows about the question, what was said before as far as it fits, and what the contact says now. And what it answers.</summary>
/// <remarks>Of our own and not the library's types: those throw at an end, a time or a tier they do not know, and compatible services have such.</remarks>
internal static class OpenAiAgentPayloads
{
    private const int LongestName = 64;

    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static byte[] Request(AgentTurn turn, AgentSettings settings, string model, OpenAiKnowledge known) => JsonSerializer.SerializeToUtf8Bytes(
        new ChatRequest(model, [.. Messages(turn, settings, known)], OpenAiAgentSettings.Temperature(settings), OpenAiAgentSettings.MaxReplyTokens(settings)), _options);

    /// <summary>The first choice, or null when this is no chat completion.</summary>
    public static ModelAnswer? Read(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var body = JsonDocument.Parse(MendedJson.Of(answer));
            var choice = body.RootElement.GetProperty("choices")[0];
            var message = choice.GetProperty("message");
            return new ModelAnswer(TextOf(message, "content"), !string.IsNullOrEmpty(TextOf(message, "refusal")), TextOf(choice, "finish_reason"));
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static IEnumerable<ChatMessage> Messages(AgentTurn turn, AgentSettings settings, OpenAiKnowledge known)
    {
        if (System(turn, settings, known) is { Length: > 0 } system)
        {
            yield return new("system", system);
        }

        foreach (var said in Window(turn.History, OpenAiAgentSettings.MaxHistoryTokens(settings) - known.Tokens))
        {
            // Whoever answered before, a person on the phone included, spoke for the same side as the model.
            yield return new(said.Role == "contact" ? "user" : "assistant", said.Text!);
        }

        yield return new("user", turn.Message.Text!);
    }

    // One system message: many models' templates take one, and only as the first.
    private static string System(AgentTurn turn, AgentSettings settings, OpenAiKnowledge known) => string.Join(
        "\n\n",
        new[] { OpenAiAgentSettings.Instructions(settings), known.Text, turn.Context, Named(turn.Message.SenderName) }.Where(part => !string.IsNullOrWhiteSpace(part)));

    // The newest that fit, whole, oldest first. Ends at the first that does not fit: a conversation with a hole in it misleads.
    private static IEnumerable<AgentMessage> Window(IReadOnlyList<AgentMessage> history, int tokens)
    {
        var from = history.Count;
        while (from > 0 && (tokens -= Cost(history[from - 1])) >= 0)
        {
            from--;
        }

        return history.Skip(from).Where(message => !string.IsNullOrWhiteSpace(message.Text));
    }

    private static int Cost(AgentMessage message) => string.IsNullOrWhiteSpace(message.Text) ? 0 : TokenEstimate.OfMessage(message.Text);

    // In the system message because several services refuse the field 'name' on a message. Contacts choose their names themselves: only what a name
    // is made of is let through, so that instructions are hard to write into one.
    private static string? Named(string? name)
    {
        var kept = new StringBuilder();
        foreach (var rune in (name ?? "").EnumerateRunes())
        {
            kept.Append(Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '\'' ? rune.ToString() : " ");
        }

        var plain = string.Join(' ', kept.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return plain.Length is > 0 and <= LongestName ? $"The contact's name is \"{plain}\"." : null;
    }

    private static string? TextOf(JsonElement parent, string name) =>
        !parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new JsonException($"'{name}' is no text.");

    private sealed record ChatRequest(string Model, IReadOnlyList<ChatMessage> Messages, float? Temperature, int? MaxCompletionTokens);

    private sealed record ChatMessage(string Role, string Content);
}

/// <summary>What a model said, and why it stopped: <c>stop, length, content_filter</c>, or a word of its service's own.</summary>
internal sealed record ModelAnswer(string? Text, bool Refused, string? Finish)
{
    /// <inheritdoc/>
    public override string ToString() => "answer";
}
