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
        ["takeover_pause"] = policy.TakeoverPause.TotalSeconds,
        ["locale"] = policy.Locale,
        ["apology"] = policy.Apology,
    }.ToJsonString();

    public static ChannelPolicy Read(JsonElement policy) => new(
        policy.TryGetProperty("groups", out var groups) && groups.ValueKind == JsonValueKind.True,
        Seconds(policy, "answer_max_age"),
        Seconds(policy, "takeover_pause") ?? ChannelPolicy.Default.TakeoverPause,
        Text(policy, "locale") ?? ChannelPolicy.Default.Locale,
        Text(policy, "apology"));

    private static TimeSpan? Seconds(JsonElement policy, string name) =>
        policy.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? TimeSpan.FromSeconds(value.GetDouble()) : null;

    private static string? Text(JsonElement policy, string name) =>
        policy.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
