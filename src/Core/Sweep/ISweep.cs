using System.Collections.Immutable;
using Channels.Core.Ids;

namespace Channels.Core.Sweep;

/// <summary>Finds work whose hint was lost: what a crash, a lost call or a stopped silo left behind.</summary>
public interface ISweep
{
    /// <summary>What waits in one partition. Bounded, and for each tenant; the next look goes on where this one stopped. Calls of several partitions within two seconds share one look at the database.</summary>
    Task<WaitingWork> FindAsync(int partition, int partitions, CancellationToken cancellationToken);
}

/// <summary>Who has something to do.</summary>
/// <param name="Inboxes">Accounts with webhooks.</param>
/// <param name="Turns">Conversations with unanswered messages.</param>
/// <param name="Outboxes">Accounts with replies that are due.</param>
/// <param name="Echoes">Accounts with held echoes.</param>
/// <param name="Sessions">Accounts whose session must be looked after.</param>
/// <param name="Intakes">Accounts whose provider must be asked for messages, or whether it still posts them.</param>
/// <param name="Files">Accounts with files to be fetched.</param>
public sealed record WaitingWork(
    ImmutableArray<AccountId> Inboxes, ImmutableArray<ConversationRef> Turns, ImmutableArray<(TenantId Tenant, AccountId Account)> Outboxes, ImmutableArray<AccountId> Echoes,
    ImmutableArray<AccountId> Sessions, ImmutableArray<AccountId> Intakes, ImmutableArray<AccountId> Files)
{
    /// <summary>Nothing.</summary>
    public static WaitingWork None { get; } = new([], [], [], [], [], [], []);
}

/// <summary>How far ahead the next look at an account is ever put off. What is dated later was dated by a clock that has been set back since, and is due.</summary>
/// <param name="Session">At its session.</param>
/// <param name="Intake">At its intake.</param>
/// <remarks>A clock that is set back by less is waited for, for as long as this at the most.</remarks>
public sealed record FurthestLooks(TimeSpan Session, TimeSpan Intake);

/// <summary>Which partition an account belongs to.</summary>
public static class Partitions
{
    /// <summary>How many there are. Changing it needs no migration: it only deals the sweeping out.</summary>
    public const int Count = 8;

    /// <summary>The account's partition, from the random end of its id.</summary>
    public static int Of(AccountId account)
    {
        Span<byte> bytes = stackalloc byte[16];
        account.Value.TryWriteBytes(bytes);
        return bytes[15] % Count;
    }
}
