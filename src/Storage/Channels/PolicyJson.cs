using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Core.Channels;

namespace Channels.Storage.Channels;

/// <summary>A channel's policy as it stands in <c>account.policy</c>: times in seconds; what is absent has its default.</summary>
internal static class PolicyJson
{
    public static string Write(ChannelPolicy policy) => new JsonObject
    {
        ["groups"] = policy.Groups,
        ["answer_max_age"] = policy.AnswerMaxAge?.TotalSeconds,
        ["reply_max_age"] = policy.ReplyMaxAge?.TotalSeconds,
        ["takeover_pause"] = policy.TakeoverPause.TotalSeconds,
        ["locale"] = policy.Locale,
        ["apology"] = policy.Apology,
        ["on_agent_failure"] = policy.OnAgentFailure.ToWord(),
        ["handover_keywords"] = new JsonArray([.. policy.HandoverKeywords.Select(word => JsonValue.Create(word))]),
        ["handover_text"] = policy.HandoverText,
        ["debounce"] = policy.Debounce.TotalSeconds,
        ["typing"] = policy.Typing,
    }.ToJsonString();

    public static ChannelPolicy Read(JsonElement policy) => new(
        IsTrue(policy, "groups"),
        Seconds(policy, "answer_max_age"),
        Seconds(policy, "takeover_pause") ?? ChannelPolicy.Default.TakeoverPause,
        Text(policy, "locale") ?? ChannelPolicy.Default.Locale,
        Text(policy, "apology"))
    {
        ReplyMaxAge = Seconds(policy, "reply_max_age"),
        OnAgentFailure = Text(policy, "on_agent_failure") is { } word && StatusWords.FromWord<OnAgentFailure>(word) is { } failure
            ? failure
            : ChannelPolicy.Default.OnAgentFailure,
        HandoverKeywords = Texts(policy, "handover_keywords"),
        HandoverText = Text(policy, "handover_text"),
        Debounce = Seconds(policy, "debounce") ?? ChannelPolicy.Default.Debounce,
        Typing = IsTrue(policy, "typing"),
    };

    private static bool IsTrue(JsonElement policy, string name) => policy.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static TimeSpan? Seconds(JsonElement policy, string name) =>
        policy.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? TimeSpan.FromSeconds(value.GetDouble()) : null;

    private static string? Text(JsonElement policy, string name) =>
        policy.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ImmutableArray<string> Texts(JsonElement policy, string name) =>
        policy.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : [];
}
