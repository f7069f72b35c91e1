using Channels.Core.Channels;
using Channels.Core.Ids;

namespace Channels.Core.Sessions;

/// <summary>Keeps how each account's session stands. Written by the session's grain only.</summary>
public interface ISessionStore
{
    /// <summary>The session, or null when none was ever kept.</summary>
    Task<Session?> LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken);

    /// <summary>Replaces it.</summary>
    Task SaveAsync(TenantId tenant, AccountId account, Session session, CancellationToken cancellationToken);
}

/// <summary>The pairing life of one account, without its codes: those are as good as passwords and live in memory only.</summary>
/// <param name="Status">How it stands.</param>
/// <param name="Since">Since when.</param>
/// <param name="Code">A word of ours for what is wrong; null when nothing is.</param>
/// <param name="Reason">What happened, in the tenant's words.</param>
/// <param name="NextStep">What to do about it.</param>
/// <param name="Wanted">Whether we bring the connection back by ourselves when it goes.</param>
/// <param name="OwnId">Who is paired, in the provider's form; null while nobody said.</param>
/// <param name="Attempts">Attempts to bring it back that have failed in a row.</param>
/// <param name="DroppedAt">When a working connection went, while it is hoped to come back by itself.</param>
/// <param name="DueAt">When it must be looked after; null for never.</param>
/// <param name="GatewayFault">The gateway as a whole is at fault, not this account.</param>
public sealed record Session(
    SessionStatus Status, DateTimeOffset Since, string? Code, string? Reason, string? NextStep, bool Wanted, string? OwnId, int Attempts,
    DateTimeOffset? DroppedAt, DateTimeOffset? DueAt, bool GatewayFault = false);
