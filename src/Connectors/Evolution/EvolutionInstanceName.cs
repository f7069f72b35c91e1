using Channels.Connectors.Json;

namespace Channels.Connectors.Evolution;

/// <summary>Finds the instance's name in a webhook of the gateway's global hook, as <see cref="EvolutionEnvelope"/> would read it.</summary>
internal static class EvolutionInstanceName
{
    public const string Member = "instance";

    /// <summary>The name, or null when there is none. Some events carry the whole instance.</summary>
    public static string? Find(ReadOnlySpan<byte> body) => JsonName.Find(body, Member, "instanceName", "name");
}
