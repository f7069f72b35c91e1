using System.Globalization;
using Channels.Core.Connectors;
using Channels.Core.Intake;

namespace Channels.Grains.Intake;

/// <summary>What an answer, or its lack, comes to: what is said about the account, if anything.</summary>
/// <param name="Code">A word for what is wrong; null when nothing is.</param>
/// <param name="Reason">In words.</param>
/// <param name="NextStep">What to do.</param>
/// <param name="Ends">Nothing comes in until somebody does something: the account is in error. Otherwise it stays active, with what is wrong beside it, and goes on sending.</param>
internal sealed record IntakeVerdict(string? Code, string? Reason, string? NextStep, bool Ends)
{
    /// <summary>Nothing is known but that nobody answers: an account that is in error for a reason stays so, with that reason.</summary>
    public bool IsSilence { get; private init; }

    /// <summary>It ends only troubles that were said in the same way: an account stands in error for reasons this does not know of.</summary>
    public bool EndsItsOwn { get; private init; }

    /// <summary>Silence, and troubles that may pass, count from the third in a row.</summary>
    private const int Tolerated = 3;

    public static IntakeVerdict Well { get; } = new(null, null, null, false);

    /// <summary>Null for nothing new: wait and see.</summary>
    /// <param name="outcome">What the call brought.</param>
    /// <param name="failures">Calls in a row that brought nothing, this one included.</param>
    public static IntakeVerdict? Of(PollOutcome outcome, int failures) => outcome switch
    {
        PollOutcome.Fetched => Well,
        PollOutcome.TryLater later => failures < Tolerated ? null : Silent(later.Code, later.Reason),
        PollOutcome.Broken broken => broken.MayPass && failures < Tolerated ? null : new(broken.Code, broken.Reason, broken.NextStep, Ends: true),
        _ => throw new InvalidOperationException($"An outcome nobody knows: {outcome.GetType().Name}"),
    };

    /// <summary>Null for nothing new: wait and see.</summary>
    public static IntakeVerdict? Of(WebhookReading reading, int failures) => reading switch
    {
        WebhookReading.Flowing => Well,
        WebhookReading.Failing failing => new(failing.Code, failing.Reason, failing.NextStep, Ends: false),
        WebhookReading.Broken broken => new(broken.Code, broken.Reason, broken.NextStep, Ends: true),
        WebhookReading.Unreachable unreachable => failures < Tolerated ? null : Silent("provider-unreachable", unreachable.Reason),
        _ => throw new InvalidOperationException($"A reading nobody knows: {reading.GetType().Name}"),
    };

    /// <summary>Null for nothing new: wait and see.</summary>
    public static IntakeVerdict? Of(HealthReading reading, int failures) => reading switch
    {
        HealthReading.Well => Well with { EndsItsOwn = true },
        HealthReading.Ailing ailing => new(ailing.Code, ailing.Reason, ailing.NextStep, Ends: false) { EndsItsOwn = true },
        HealthReading.Broken broken => new(broken.Code, broken.Reason, broken.NextStep, Ends: true),
        HealthReading.Unknown unknown => failures < Tolerated ? null : Silent("provider-unreachable", unknown.Reason),
        _ => throw new InvalidOperationException($"A reading nobody knows: {reading.GetType().Name}"),
    };

    /// <summary>Of a webhook through which messages flow: whether some never came.</summary>
    /// <param name="gap">What is known to be missing.</param>
    /// <param name="reading">What the provider says besides.</param>
    /// <param name="before">What is missing for less long may still be on its way.</param>
    public static IntakeVerdict Of(UpdateGap gap, WebhookReading.Flowing reading, DateTimeOffset before) => gap is { Missing: > 0, Since: { } since } && since < before
        ? new(
            "updates-missing",
            string.Create(CultureInfo.InvariantCulture, $"{gap.Missing} updates are missing since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: the provider counted them, and they have not come{(reading.Waiting is { } said ? $". It says: {said}" : "")}."),
            "Look whether another program uses the same token. What still waits at the provider comes by itself; what it has given up on does not come again. Forgotten after a week.",
            Ends: false)
        : Well;

    private static IntakeVerdict Silent(string code, string reason) =>
        new(code, $"The provider cannot be asked: {reason}.", "Check that the provider can be reached from here; it is tried again by itself.", Ends: false) { IsSilence = true };
}
