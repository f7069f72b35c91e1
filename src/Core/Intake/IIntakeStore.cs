using Channels.Core.Ids;

namespace Channels.Core.Intake;

/// <summary>Keeps how far an account's messages were fetched, and when its intake must be looked after. Written by the intake's grain only.</summary>
public interface IIntakeStore
{
    /// <summary>What was kept, or null when it was never begun.</summary>
    Task<AccountIntake?> LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken);

    /// <summary>Replaces it. Nothing where the channel is deleted.</summary>
    Task SaveAsync(TenantId tenant, AccountId account, AccountIntake intake, CancellationToken cancellationToken);
}

/// <summary>How one account's messages come in, for kinds whose provider must be asked.</summary>
/// <param name="Cursor">Where fetching goes on, in the kind's own form. Everything before it is in the inbox.</param>
/// <param name="DueAt">When somebody must look; while it is polled, when whoever polls must have died. Null for never: it is switched off.</param>
/// <param name="Code">What is said to be wrong, as a word of ours; null when nothing is.</param>
/// <param name="Failures">Attempts in a row that brought nothing.</param>
public sealed record AccountIntake(string? Cursor, DateTimeOffset? DueAt, string? Code, int Failures)
{
    /// <summary>Never begun.</summary>
    public static AccountIntake None { get; } = new(null, null, null, 0);
}
