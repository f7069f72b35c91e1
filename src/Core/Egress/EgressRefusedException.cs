namespace Channels.Core.Egress;

/// <summary>A host resolves to nothing that may be connected to. Reaches callers as the cause of an <see cref="HttpRequestException"/>.</summary>
/// <remarks>Says which host, never which address: what a name means inside our network is not for tenants.</remarks>
public sealed class EgressRefusedException(string host)
    : IOException($"Connections to '{host}' are not allowed: it is not a public address. An operator can allow a network in Channels:Egress:Allow.")
{
    /// <summary>The host that was refused.</summary>
    public string Host { get; } = host;
}
