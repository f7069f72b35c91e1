using System.Collections.Frozen;
using Channels.Core.Agents;

namespace Channels.Agents;

/// <summary>All agent kinds of this process, by name. Two of one name stop the start.</summary>
internal sealed class AgentCatalog : IAgentCatalog
{
    private readonly FrozenDictionary<string, IAgent> _byKind;

    public AgentCatalog(IEnumerable<IAgent> agents)
    {
        var byKind = new Dictionary<string, IAgent>(StringComparer.Ordinal);
        foreach (var agent in agents)
        {
            if (!byKind.TryAdd(agent.Kind, agent))
            {
                throw new InvalidOperationException(
                    $"Two agents call themselves '{agent.Kind}': {byKind[agent.Kind].GetType().FullName} and {agent.GetType().FullName}. Rename one.");
            }
        }

        _byKind = byKind.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<IAgent> All => _byKind.Values;

    /// <inheritdoc/>
    public IAgent? Find(string kind) => _byKind.GetValueOrDefault(kind);
}
