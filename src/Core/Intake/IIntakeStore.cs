using Channels.Core.Ids;

namespace Channels.Core.Intake;

/// <summary>Keeps how far an account's messages were fetched, and when its intake must be looked after. Written by the intake's grain only.</summary>
public interface IIntakeStore
{
    /// <summary>What was kept, or null when it was never begun.</summary>
    Task<AccountIntake?> LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken);

    /// <summary>Updates that the provider counted and that never came, as far as it can be known.</summary>
    Task<UpdateGap> ReadGapAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken);

    /// <summary>Replaces it. Nothing where the channel is deleted.</summary>
    Task SaveAsync(TenantId tenant, AccountId account, AccountIntake intake, CancellationToken cancellationToken);
}

/// <summary>Numbers of updates that were passed over.</summary>
/// <param name="Missing">How many.</param>
/// <param name="Since">Since when some are missing; null when none is.</param>
public readonly record struct UpdateGap(long Missing, DateTimeOffset? Since);

/// <summary>How one account's messages come in, for kinds whose provider must be asked.</summary>
/// <param name="Cursor">Where fetching goes on, in the kind's own form. Everything before it is in the inbox.</param>
/// <param name="DueAt">When somebody must look; while it is polled, when whoever polls must have died. Null for never: it is switched off.</param>
/// <param name="Code">What is said to be wrong, as a word of ours; null when nothing is.</param>
/// <param name="Failures">Attempts in a row that brought nothing.</param>
public sealed record AccountIntake(string? Cursor, DateTimeOffset? DueAt, string? Code, int Failures)
{
    /// <summary>Since when <see cref="Code"/> is said; null while it is not, and where nobody noted it.</summary>
    public DateTimeOffset? CodeSince { get; init; }

    /// <summary>What was said before <see cref="Code"/>, while nobody knows yet which of both is; null once it is known, and where nothing was said.</summary>
    public string? CodeBefore { get; init; }

    /// <summary>What the provider last said of the account, a JSON object in the kind's words; null for nothing.</summary>
    public string? FactsJson { get; init; }

    /// <summary>When it last answered how the account stands.</summary>
    public DateTimeOffset? HealthAt { get; init; }

    /// <summary>The same with nothing said to be wrong.</summary>
    public AccountIntake Untroubled => this with { Code = null, CodeSince = null, CodeBefore = null, Failures = 0 };

    /// <summary>Never begun.</summary>
    public static AccountIntake None { get; } = new(null, null, null, 0);
}
