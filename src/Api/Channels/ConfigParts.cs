using System.Text.Json;
using Channels.Api.Errors;
using Channels.Api.Requests;

namespace Channels.Api.Channels;

/// <summary>The <c>config</c> of a request: the kind's own settings, and the policy keys that integrators also put there.</summary>
/// <param name="Settings">What is the kind's.</param>
/// <param name="Policy">What is the channel's.</param>
internal sealed record ConfigParts(JsonElement Settings, ChannelSettings Policy, IReadOnlySet<string> PolicyKeys)
{
    private static readonly string[] _policyKeys =
    [
        "groups", "answer_max_age", "reply_max_age", "takeover_pause", "locale", "apology", "on_agent_failure", "handover_keywords", "handover_text", "debounce_ms", "typing",
    ];

    public static ConfigParts Split(JsonElement? config, List<FieldComplaint> complaints)
    {
        if (config is not { ValueKind: JsonValueKind.Object } given)
        {
            if (config is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) })
            {
                complaints.Add(new("config", "must be a JSON object: a name and a value for each setting."));
            }

            return new(Empty(), new(), new HashSet<string>());
        }

        var policy = Members(given, _policyKeys.Contains);
        var settings = Members(given, name => !_policyKeys.Contains(name));
        var wrong = JsonFields.Check(typeof(ChannelSettings), policy);
        complaints.AddRange(wrong.Select(complaint => complaint with { Field = $"config.{complaint.Field}" }));
        var read = JsonFields.Read<ChannelSettings>(policy, wrong);
        return new(settings, read, policy.EnumerateObject().Select(member => member.Name).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Whether a policy key stood in here.</summary>
    public bool Has(string field) => PolicyKeys.Contains(field);

    /// <summary>The request's policy; what stands at its top wins over what stands in here.</summary>
    public ChannelSettings Over(ChannelSettings request) => new()
    {
        Groups = request.Groups ?? Policy.Groups,
        AnswerMaxAge = request.AnswerMaxAge ?? Policy.AnswerMaxAge,
        ReplyMaxAge = request.ReplyMaxAge ?? Policy.ReplyMaxAge,
        TakeoverPause = request.TakeoverPause ?? Policy.TakeoverPause,
        Locale = request.Locale ?? Policy.Locale,
        Apology = request.Apology ?? Policy.Apology,
        OnAgentFailure = request.OnAgentFailure ?? Policy.OnAgentFailure,
        HandoverKeywords = request.HandoverKeywords ?? Policy.HandoverKeywords,
        HandoverText = request.HandoverText ?? Policy.HandoverText,
        DebounceMs = request.DebounceMs ?? Policy.DebounceMs,
        Typing = request.Typing ?? Policy.Typing,
    };

    private static JsonElement Empty() => JsonSerializer.SerializeToElement(new Dictionary<string, JsonElement>());

    // Names with broken characters throw when they are read; they are left to the schema's check, which says so.
    private static JsonElement Members(JsonElement config, Func<string, bool> which)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in config.EnumerateObject())
        {
            if (which(member.Name))
            {
                members[member.Name] = member.Value;
            }
        }

        return JsonSerializer.SerializeToElement(members);
    }
}
