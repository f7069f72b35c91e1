using System.Collections.Concurrent;

namespace Channels.Connectors.Evolution;

/// <summary>Remembers which gateways speak the old dialect, so that only the first send to one is asked twice.</summary>
/// <remarks>Bounded and forgetful: the gateways that speak the new one are not kept at all, and a lost entry costs one refused request.</remarks>
internal sealed class EvolutionDialects
{
    private const int Most = 1024;
    private readonly ConcurrentDictionary<string, EvolutionDialect> _old = new(StringComparer.Ordinal);

    public EvolutionDialect Of(string baseUrl) => _old.GetValueOrDefault(baseUrl);

    public void Remember(string baseUrl, EvolutionDialect dialect)
    {
        if (dialect == EvolutionDialect.Two)
        {
            _old.TryRemove(baseUrl, out _);
            return;
        }

        if (_old.Count >= Most)
        {
            _old.Clear();
        }

        _old[baseUrl] = dialect;
    }
}
