using System.Text.Json;
using Channels.Core.Agents;

namespace Channels.Agents;

/// <summary>Complains about settings an agent does not have: a misspelt one would be ignored in silence.</summary>
internal static class AgentSettingsCheck
{
    public static IEnumerable<AgentComplaint> Unknown(AgentSettings settings, params string[] known)
    {
        if (settings.Settings.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (var member in settings.Settings.EnumerateObject())
        {
            if (member.Name != "kind" && !known.Contains(member.Name))
            {
                var names = known.Length > 0 ? string.Join(", ", known) : "none";
                yield return new(member.Name, $"there is no such setting for the agent '{settings.Kind}'; remove it. Known are: {names}.");
            }
        }
    }
}
