using System.ComponentModel.DataAnnotations;

namespace Channels.Grains.Intake;

/// <summary>How patiently accounts are looked after whose provider must be asked. Section <c>Channels:Intake</c>.</summary>
internal sealed class IntakeOptions
{
    public const string Section = "Channels:Intake";

    /// <summary>How often a provider is asked whether it still posts to us: nobody tells when another program takes the webhook away.</summary>
    /// <value>Default: 5 minutes; 10,000 bots are 33 calls a second in all.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan WatchEvery { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The same while something is wrong: whoever mends it wants to see that it is mended.</summary>
    /// <value>Default: 1 minute.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan WatchAilingEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The pause before fetching again after it failed; it doubles from there to a minute.</summary>
    /// <value>Default: 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(2);
}
