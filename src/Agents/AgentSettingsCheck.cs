using System.Text.Json;
using Channels.Core.Agents;

namespace Channels.Agents;

/// <summary>Reads an agent's settings, and complains about those it does not have: a misspelt one would be ignored in silence.</summary>
internal static class AgentSettingsCheck
{
    private const int LongestSecret = 4096;

    /// <summary>What is wrong with a secret that is not <see cref="IsBearer"/>.</summary>
    public static readonly string BearerRule = $"must be a text of 1 to {LongestSecret} visible ASCII characters: it travels as Authorization: Bearer.";

    public static JsonElement? Member(AgentSettings settings, string name) =>
        settings.Settings.ValueKind == JsonValueKind.Object && settings.Settings.TryGetProperty(name, out var value) ? value : null;

    /// <summary>Whether this can travel as a bearer token.</summary>
    public static bool IsBearer(JsonElement secret) =>
        secret.ValueKind == JsonValueKind.String && secret.GetString()! is { Length: > 0 and <= LongestSecret } text && text.All(letter => letter is > ' ' and < '\u007f');

    /// <summary>Complains about what the agent's description does not name.</summary>
    public static IEnumerable<AgentComplaint> Unknown(AgentSettings settings, AgentDescription description) =>
        Unknown(settings.Settings, "", settings.Kind, ["kind", .. description.Settings.Select(setting => setting.Name)]);

    /// <summary>The same for the members of one of its settings.</summary>
    public static IEnumerable<AgentComplaint> Unknown(JsonElement members, string prefix, string kind, string[] known)
    {
        if (members.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (var member in members.EnumerateObject().Where(member => !known.Contains(member.Name)))
        {
            var names = known.Where(name => name != "kind").ToArray();
            yield return new(prefix + member.Name, $"there is no such setting for the agent '{kind}'; remove it. Known are: {(names.Length > 0 ? string.Join(", ", names) : "none")}.");
        }
    }
}
