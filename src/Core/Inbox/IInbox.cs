using System.Collections.Immutable;
using Channels.Core.Connectors;
using Channels.Core.Ids;

namespace Channels.Core.Inbox;

/// <summary>The front end's side of the inbox: makes webhooks durable.</summary>
/// <remarks>Message path, step 2 of 6. Previous: Api/Ingress. Next: the account grain.</remarks>
public interface IInbox
{
    /// <summary>Returns once the webhook is committed. Many concurrent calls share one transaction.</summary>
    /// <exception cref="StoreUnavailableException">It is not stored, or not certainly: answer 503, the provider redelivers.</exception>
    /// <exception cref="InboxFullException">More is waiting to be committed than memory may hold: answer 503.</exception>
    Task AppendAsync(InboundWebhook webhook, CancellationToken cancellationToken);
}

/// <summary>One webhook on its way into the inbox.</summary>
/// <param name="Tenant">The owner.</param>
/// <param name="Account">The account it came for.</param>
/// <param name="Id">Orders the account's rows.</param>
/// <param name="ReceivedAt">When we had all of it.</param>
/// <param name="Path">The sub-path it came to; empty when none.</param>
/// <param name="Body">The raw bytes.</param>
public sealed record InboundWebhook(TenantId Tenant, AccountId Account, WebhookId Id, DateTimeOffset ReceivedAt, string Path, ReadOnlyMemory<byte> Body);

/// <summary>Keeps what was proven and belongs to no channel: the operator's to see and to settle, no tenant's.</summary>
public interface IUnroutedWebhooks
{
    /// <summary>Returns once it is committed. The same content again is no second one.</summary>
    /// <exception cref="StoreUnavailableException">It is not stored, or not certainly: answer 503, the provider redelivers.</exception>
    Task AppendAsync(UnroutedWebhook webhook, CancellationToken cancellationToken);
}

/// <summary>A part of a webhook that belongs to no channel.</summary>
/// <param name="Kind">The channel kind.</param>
/// <param name="Account">What it names.</param>
/// <param name="Reason">Why it is nobody's, in words of ours.</param>
/// <param name="ReceivedAt">When we had all of it.</param>
/// <param name="Proof">Proves it again, by itself, with the secret that proved the whole.</param>
/// <param name="Body">Its bytes.</param>
public sealed record UnroutedWebhook(string Kind, WebhookAccount Account, string Reason, DateTimeOffset ReceivedAt, string Proof, ReadOnlyMemory<byte> Body);

/// <summary>The account grain's side of the inbox.</summary>
public interface IAccountInbox
{
    /// <summary>The account's oldest unfinished webhooks, in id order, bounded in rows and bytes.</summary>
    Task<ImmutableArray<InboundWebhook>> ReadAsync(TenantId tenant, AccountId account, int limit, CancellationToken cancellationToken);

    /// <summary>Parks whatever is left of an account that is gone. Nothing is lost: it can be read, and replayed should the account come back. A piece at a time: one that fails leaves those before it parked.</summary>
    Task ParkRestAsync(AccountId account, string reason, CancellationToken cancellationToken);
}

/// <summary>The front end holds as many uncommitted webhooks as it may.</summary>
public sealed class InboxFullException() : Exception("Too many webhooks are waiting to be stored.");

/// <summary>Tells whoever drains an account that rows have come. Only a hint: the sweep finds what a lost hint leaves. Its methods return at once and never throw.</summary>
public interface IInboxHint
{
    /// <summary>Webhooks came through <see cref="IInbox"/>.</summary>
    void Arrived(AccountId account);

    /// <summary>Rows came some other way: they were put back, or belong to the account only now. They must be looked for.</summary>
    void PutBack(AccountId account);
}

/// <summary>
/// Webhooks that were committed in this process and not yet taken up by their accounts, so that an account need not read back what just passed through memory.
/// The table is the truth: whoever is in doubt leaves, and reads.
/// </summary>
public interface IArrivals
{
    /// <summary>These are committed: kept for those of their accounts that are followed. Before the hint.</summary>
    void Add(IReadOnlyList<InboundWebhook> webhooks);

    /// <summary>From now on what is committed for the account is kept for it. Called before its table is read, so that nothing falls in between; what is read may then come once more.</summary>
    void Follow(AccountId account);

    /// <summary>What was committed since, oldest first, and nothing else can be in the table than that and what was read; null when that is not certain.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="most">So many rows; the rest is kept.</param>
    ImmutableArray<InboundWebhook>? Take(AccountId account, int most);

    /// <summary>Nothing more is kept for the account.</summary>
    void Leave(AccountId account);
}

/// <summary>For a process in which not every webhook of its accounts is committed: what it has seen never is all there is.</summary>
public sealed class NoArrivals : IArrivals
{
    /// <inheritdoc/>
    public void Add(IReadOnlyList<InboundWebhook> webhooks)
    {
    }

    /// <inheritdoc/>
    public void Follow(AccountId account)
    {
    }

    /// <inheritdoc/>
    public ImmutableArray<InboundWebhook>? Take(AccountId account, int most) => null;

    /// <inheritdoc/>
    public void Leave(AccountId account)
    {
    }
}
