using System.ComponentModel.DataAnnotations;

namespace Channels.Grains.Intake;

/// <summary>How patiently accounts are looked after whose provider must be asked. Section <c>Channels:Intake</c>.</summary>
internal sealed class IntakeOptions
{
    public const string Section = "Channels:Intake";

    private const string Name = "Channels__Intake__";
    private const string Form = " (hours:minutes:seconds; a number alone is days).";

    /// <summary>How often a provider is asked whether it still posts to us: nobody tells when another program takes the webhook away.</summary>
    /// <value>Default: 5 minutes; 10,000 bots are 33 calls a second in all.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00", ErrorMessage = Name + nameof(WatchEvery) + " must be 00:00:00.1 to 1.00:00:00" + Form)]
    public TimeSpan WatchEvery { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The same while something is wrong: whoever mends it wants to see that it is mended.</summary>
    /// <value>Default: 1 minute.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00", ErrorMessage = Name + nameof(WatchAilingEvery) + " must be 00:00:00.1 to 01:00:00" + Form)]
    public TimeSpan WatchAilingEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a provider is asked how an account stands, where it says so only when asked; a tenth more or less.</summary>
    /// <value>Default: 1 hour. Meta allows 200 calls an hour for a business account, which has up to 20 numbers and more, and needs them for other things.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00", ErrorMessage = Name + nameof(HealthEvery) + " must be 00:00:00.1 to 1.00:00:00" + Form)]
    public TimeSpan HealthEvery { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The same while something is wrong, and the shortest pause between two such questions.</summary>
    /// <value>Default: 10 minutes: with all of twenty numbers in trouble that is 120 calls an hour.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00", ErrorMessage = Name + nameof(HealthAilingEvery) + " must be 00:00:00.1 to 1.00:00:00" + Form)]
    public TimeSpan HealthAilingEvery { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after a provider's bad news in a webhook it is asked how the account stands.</summary>
    /// <value>Default: 30 seconds: what it says of one number at the same moment may not be true of the next.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ErrorMessage = Name + nameof(LookAfterTrouble) + " must be 00:00:00 to 01:00:00" + Form)]
    public TimeSpan LookAfterTrouble { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a counted update may be on its way before it is called missing: providers post several at once and try again what failed.</summary>
    /// <value>Default: 10 minutes; Telegram tries again after two minutes at the latest, and a few times may fail.</value>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = Name + nameof(MissingAfter) + " must be 00:00:00 to 1.00:00:00" + Form)]
    public TimeSpan MissingAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The pause before fetching again after it failed; it doubles from there to a minute.</summary>
    /// <value>Default: 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00", ErrorMessage = Name + nameof(FirstRetry) + " must be 00:00:00.05 to 00:01:00" + Form)]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>However long a provider wants to be left alone: it is asked again after an hour.</summary>
    internal static readonly TimeSpan LongestWish = TimeSpan.FromHours(1);

    /// <summary>No look at an intake is put off for longer; see <see cref="Core.Sweep.FurthestLooks"/>.</summary>
    /// <value>The longest of the waits with its jitter, and ten minutes for a call under way and for machines whose clocks differ.</value>
    public TimeSpan FurthestLook => (1.1 * new[] { WatchEvery, WatchAilingEvery, HealthEvery, HealthAilingEvery, LongestWish }.Max()) + TimeSpan.FromMinutes(10);
}
