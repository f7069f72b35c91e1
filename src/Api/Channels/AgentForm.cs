using System.Text.Json;
using Channels.Api.Errors;
using Channels.Core.Agents;
using Channels.Core.Secrets;

namespace Channels.Api.Channels;

/// <summary>Reads who answers a channel, checks it with the agent itself, and parts its secrets from the rest.</summary>
internal sealed class AgentForm(IAgentCatalog agents)
{
    /// <param name="given">The request's <c>agent</c>; absent takes the agent that only records.</param>
    /// <param name="current">The agent it has: of the same kind, its secrets are kept when none are given.</param>
    /// <param name="kept">The current agent's secrets.</param>
    /// <param name="complaints">Where to complain.</param>
    public AgentParts Read(JsonElement? given, JsonElement? current, string? kept, List<FieldComplaint> complaints)
    {
        if (given is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } agent)
        {
            return AgentParts.None;
        }

        if (agent.ValueKind != JsonValueKind.Object)
        {
            complaints.Add(new("agent", $"must be a JSON object with the agent's kind, one of: {Known()}."));
            return AgentParts.None;
        }

        if (KindOf(agent) is not { } kind)
        {
            complaints.Add(new("agent.kind", $"is missing; give one of: {Known()}."));
            return AgentParts.None;
        }

        if (agents.Find(kind) is not { } found)
        {
            complaints.Add(new("agent.kind", $"is no agent; known are: {Known()}."));
            return AgentParts.None;
        }

        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (kept is not null && current is { } had && KindOf(had) == kind)
        {
            AddTo(members, JsonDocument.Parse(kept).RootElement);
        }

        AddTo(members, agent);
        foreach (var removed in members.Where(member => member.Value.ValueKind == JsonValueKind.Null).Select(member => member.Key).ToArray())
        {
            members.Remove(removed);
        }

        var settings = new AgentSettings(kind, JsonSerializer.SerializeToElement(members));
        complaints.AddRange(found.Check(settings).Select(complaint => new FieldComplaint($"agent.{complaint.Field}", complaint.Message)));
        return Parted(members);
    }

    private static AgentParts Parted(Dictionary<string, JsonElement> members)
    {
        var secrets = members.Where(member => SecretNames.IsSecret(member.Key)).ToDictionary();
        var others = members.Where(member => !SecretNames.IsSecret(member.Key)).ToDictionary();
        return new(JsonSerializer.Serialize(others), secrets.Count > 0 ? JsonSerializer.Serialize(secrets) : null);
    }

    private static void AddTo(Dictionary<string, JsonElement> members, JsonElement from)
    {
        foreach (var member in from.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }
    }

    private static string? KindOf(JsonElement agent) =>
        agent.TryGetProperty("kind", out var kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString() : null;

    private string Known() => string.Join(", ", agents.All.Select(agent => agent.Kind).Order(StringComparer.Ordinal));
}

/// <summary>An agent's settings: what may be shown, and what is sealed.</summary>
internal sealed record AgentParts(string PublicJson, string? SecretJson)
{
    public static AgentParts None { get; } = new("""{"kind":"none"}""", null);

    /// <inheritdoc/>
    public override string ToString() => "agent";
}
