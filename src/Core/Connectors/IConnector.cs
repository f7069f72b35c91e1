using System.Collections.Immutable;
using Channels.Core.Events;

namespace Channels.Core.Connectors;

/// <summary>One channel kind: who it is, how its webhooks are proven, what its payloads mean, how it sends.</summary>
/// <remarks>
/// One instance serves all accounts of all tenants: no state per account. Abilities beyond these are small optional interfaces
/// (<see cref="IProvisioningConnector"/>, <see cref="ISentLookup"/>, …). The folder of a kind is all there is to adding one.
/// </remarks>
public interface IConnector
{
    /// <summary>The kind's <c>channel.json</c>.</summary>
    ChannelManifest Manifest { get; }

    /// <summary>Whether the provider really sent this. Called for every webhook before it is stored: no I/O, no throwing, constant time in the secret.</summary>
    bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now);

    /// <summary>Turns a body into events in the product's words. Pure: no I/O, no clock, no throwing on any bytes.</summary>
    Normalised Normalise(WebhookBody webhook);

    /// <summary>Hands one message to the provider. Provider errors come back as outcomes; throws only <see cref="OperationCanceledException"/>.</summary>
    Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken);
}

/// <summary>Implemented by kinds whose provider must be told about us before messages flow.</summary>
public interface IProvisioningConnector : IConnector
{
    /// <summary>Adopts, creates or connects the account at the provider and points its webhook to us. May be called again at any time.</summary>
    Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken);
}

/// <summary>Implemented by kinds whose provider can say whether a message with a given text left recently.</summary>
public interface ISentLookup : IConnector
{
    /// <summary>Looks for our own message to <paramref name="message"/>'s chat, sent at or after <paramref name="since"/>. Ids in <paramref name="known"/> belong to other messages.</summary>
    Task<SentLookupOutcome> FindSentAsync(
        Connection connection, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known, CancellationToken cancellationToken);
}

/// <summary>Implemented by kinds whose provider can post for all its accounts to one address, and names the account only inside the body.</summary>
/// <remarks>The name only finds channels; which of them, if any, is decided by <see cref="IConnector.IsAuthentic"/>.</remarks>
public interface IGlobalWebhookConnector : IConnector
{
    /// <summary>The member of a body that names the account, for people to read when it is missing.</summary>
    string NamedIn { get; }

    /// <summary>The setting that holds the same name; not a secret one.</summary>
    string NameSetting { get; }

    /// <summary>
    /// The account's name in a body, exactly as <see cref="NameSetting"/> would have it; null when it names none or cannot be read.
    /// Called before anything is proven: pure, no throwing on any bytes, and no more memory than the name takes.
    /// </summary>
    string? NameIn(ReadOnlyMemory<byte> body);
}

/// <summary>All kinds known to this process.</summary>
public interface IConnectorCatalog
{
    /// <summary>Every kind, by id.</summary>
    IReadOnlyCollection<IConnector> All { get; }

    /// <summary>The kind of that id, or null.</summary>
    IConnector? Find(string kind);

    /// <summary>The assemblies with further kinds that the settings name, the faulty ones too.</summary>
    ImmutableArray<KindModule> Modules => [];
}
