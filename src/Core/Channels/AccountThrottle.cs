namespace Channels.Core.Channels;

/// <summary>What an account's provider wants less of, and until when. It ends by itself.</summary>
/// <param name="HeldUntil">Nothing is sent before; null when nothing holds it.</param>
/// <param name="HeldReason">Why, in the tenant's words.</param>
/// <param name="SlowedUntil">Sent at half the pace until then; null when it is not.</param>
/// <param name="SlowedReason">Why, in the tenant's words.</param>
public sealed record AccountThrottle(DateTimeOffset? HeldUntil, string? HeldReason, DateTimeOffset? SlowedUntil, string? SlowedReason)
{
    /// <summary>Nothing is asked.</summary>
    public static AccountThrottle None { get; } = new(null, null, null, null);

    /// <summary>What of it still counts; null when nothing does.</summary>
    public AccountThrottle? At(DateTimeOffset now)
    {
        var held = HeldUntil > now;
        var slowed = SlowedUntil > now;
        return held || slowed
            ? new(held ? HeldUntil : null, held ? HeldReason : null, slowed ? SlowedUntil : null, slowed ? SlowedReason : null)
            : null;
    }
}
