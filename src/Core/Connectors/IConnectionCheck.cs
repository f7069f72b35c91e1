using System.Collections.Immutable;

namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider can be asked whether settings work, without anything being changed there.</summary>
public interface IConnectionCheck : IConnector
{
    /// <summary>Asks the provider. May be called at any time, also for an account that does not exist yet. Throws only <see cref="OperationCanceledException"/>.</summary>
    /// <param name="connection">The settings; complete as far as the manifest's schema can tell.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken);
}

/// <summary>What a provider said about settings.</summary>
/// <param name="Complaints">Everything that is wrong, each with the setting it is about; empty when the connection works. The provider's own words appear without secrets.</param>
/// <param name="Found">What was found there, for people: a name, a number, a version; null for nothing worth saying.</param>
public sealed record ConnectionCheck(ImmutableArray<SettingsComplaint> Complaints, string? Found = null)
{
    /// <summary>The provider could not be asked: that says nothing about the settings besides its address.</summary>
    /// <param name="field">The setting that holds the address.</param>
    /// <param name="reason">What happened, without secrets.</param>
    public static ConnectionCheck Unreachable(string field, string reason) =>
        new([new SettingsComplaint(field, "unreachable", $"the provider does not answer there: {reason}", "check the address, and whether the provider runs and can be reached from here")]);
}
