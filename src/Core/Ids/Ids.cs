using Orleans;

namespace Channels.Core.Ids;

/// <summary>One customer of the operator. Leads every key and every <c>where</c>.</summary>
[GenerateSerializer, Immutable, Alias("TenantId")]
public readonly record struct TenantId([property: Id(0)] Guid Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}

/// <summary>One tenant's connection to a provider.</summary>
[GenerateSerializer, Immutable, Alias("ConnectorId")]
public readonly record struct ConnectorId([property: Id(0)] Guid Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}

/// <summary>One identity on a connector: a number, a bot, a mailbox. Integrators call an account with its connector a channel and use this id for it.</summary>
[GenerateSerializer, Immutable, Alias("AccountId")]
public readonly record struct AccountId([property: Id(0)] Guid Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}

/// <summary>The thread between one account and one contact.</summary>
[GenerateSerializer, Immutable, Alias("ConversationId")]
public readonly record struct ConversationId([property: Id(0)] Guid Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}

/// <summary>One message of the transcript, in or out. Time-ordered (UUIDv7), and so the partition key of the transcript.</summary>
[GenerateSerializer, Immutable, Alias("MessageId")]
public readonly record struct MessageId([property: Id(0)] Guid Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}

/// <summary>One stored webhook. Time-ordered (UUIDv7): an account drains its rows in this order.</summary>
[GenerateSerializer, Immutable, Alias("WebhookId")]
public readonly record struct WebhookId([property: Id(0)] Guid Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}

/// <summary>Where a conversation lives. Travels with every call to it, so that no lookup by conversation id alone is ever needed.</summary>
[GenerateSerializer, Immutable, Alias("ConversationRef")]
public readonly record struct ConversationRef(
    [property: Id(0)] TenantId Tenant,
    [property: Id(1)] AccountId Account,
    [property: Id(2)] ConversationId Conversation);
