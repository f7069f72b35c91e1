using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Channels;
using Channels.Core.Ids;

namespace Channels.Storage.Channels;

/// <summary>A channel as its tenant reads it: everything but the secrets.</summary>
/// <param name="Account">The channel's id.</param>
/// <param name="Connector">Its connector.</param>
/// <param name="Kind">The channel kind.</param>
/// <param name="Name">As its owner called it.</param>
/// <param name="Identity">The account's own id at the provider.</param>
/// <param name="Status">The account's status; not active while its connector is not.</param>
/// <param name="StatusCode">A word of ours for the reason.</param>
/// <param name="StatusReason">The reason in words.</param>
/// <param name="NextStep">What to do about it.</param>
/// <param name="StatusSince">Since when.</param>
/// <param name="OrgUnit">Where its conversations belong.</param>
/// <param name="IntakeFlow">The flow that may route or answer first.</param>
/// <param name="Settings">The kind's settings without secrets.</param>
/// <param name="HasSecretSettings">Whether secret settings are kept.</param>
/// <param name="Agent">Who answers, with its settings, without secrets.</param>
/// <param name="Policy">What its owner decided about answering.</param>
/// <param name="ActivatedAt">When it last became active.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="UpdatedAt">When its settings last changed.</param>
public sealed record ChannelDetails(
    AccountId Account, ConnectorId Connector, string Kind, string Name, string Identity, string Status, string? StatusCode, string? StatusReason,
    string? NextStep, DateTimeOffset StatusSince, Guid? OrgUnit, Guid? IntakeFlow, JsonElement Settings, bool HasSecretSettings, JsonElement Agent,
    ChannelPolicy Policy, DateTimeOffset? ActivatedAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>What its provider wants less of; may be over.</summary>
    public AccountThrottle Throttle { get; init; } = AccountThrottle.None;

    /// <summary>Since when something is wrong, which <see cref="StatusCode"/> names, where the provider is asked about it; null where nothing is.</summary>
    public DateTimeOffset? TroubleSince { get; init; }

    /// <summary>Since when the operator has stopped its tenant: nothing is answered or sent, whatever the status. Null when it is not stopped.</summary>
    public DateTimeOffset? TenantSuspendedAt { get; init; }

    /// <summary>How the account stands with its provider, as the provider was last heard to say; null where it is not asked.</summary>
    public HealthSeen? Health { get; init; }
}

/// <summary>What a provider said of an account.</summary>
/// <param name="Facts">A JSON object in the kind's words.</param>
/// <param name="At">When it was asked.</param>
public sealed record HealthSeen(JsonElement Facts, DateTimeOffset At);

/// <summary>A channel to be written, checked already.</summary>
public sealed record ChannelDraft
{
    /// <summary>The channel kind.</summary>
    public required string Kind { get; init; }

    /// <summary>As its owner calls it.</summary>
    public required string Name { get; init; }

    /// <summary>The account's own id at the provider; null takes the channel's id until the provider tells.</summary>
    public string? Identity { get; init; }

    /// <summary>Where its conversations belong; null takes the tenant's default.</summary>
    public Guid? OrgUnit { get; init; }

    /// <summary>The kind's settings without secrets, a JSON object.</summary>
    public required string SettingsJson { get; init; }

    /// <summary>The kind's secret settings, a JSON object; null when there are none.</summary>
    public string? SecretsJson { get; init; }

    /// <summary>What the provider must present to us.</summary>
    public required string WebhookSecret { get; init; }

    /// <summary>Who answers: <c>kind</c> and its settings without secrets, a JSON object.</summary>
    public required string AgentJson { get; init; }

    /// <summary>The agent's secret settings, a JSON object; null when there are none.</summary>
    public string? AgentSecretsJson { get; init; }

    /// <summary>What its owner decides about answering.</summary>
    public required ChannelPolicy Policy { get; init; }

    /// <summary>What no other channel of the tenant may claim as well, by the field to name when one does.</summary>
    public ImmutableArray<ChannelClaim> Claims { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"Draft of a {Kind} channel";
}

/// <summary>Something only one channel of a tenant may have: a number on a gateway, an instance.</summary>
/// <param name="Field">The request's field it comes from.</param>
/// <param name="Value">Compared as a whole.</param>
public readonly record struct ChannelClaim(string Field, string Value);

/// <summary>What became of writing a channel. The family is closed.</summary>
public abstract record ChannelWrite
{
    private ChannelWrite()
    {
    }

    /// <summary>It is written.</summary>
    public sealed record Written(ChannelDetails Channel) : ChannelWrite;

    /// <summary>Another channel of the tenant has it already.</summary>
    public sealed record Taken(string Field) : ChannelWrite;

    /// <summary>The tenant has no such org unit.</summary>
    public sealed record UnknownOrgUnit : ChannelWrite;
}
