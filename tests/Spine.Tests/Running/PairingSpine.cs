namespace Channels.Spine.Tests.Running;

/// <summary>A <see cref="Spine"/> whose sessions are looked after within seconds, so that tests need not wait for minutes.</summary>
public sealed class PairingSpine : Spine
{
    /// <summary>Long enough for a code to be looked at on a busy machine; short enough to wait for its end.</summary>
    internal static readonly TimeSpan CodeLife = TimeSpan.FromSeconds(15);

    internal override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Channels__Sessions__Grace"] = "00:00:15",
        ["Channels__Sessions__LeaveAlone"] = "00:00:05",
        ["Channels__Sessions__CheckAfterSign"] = "00:00:00.5",
        ["Channels__Sessions__HealthEvery"] = "00:00:02",
        ["Channels__Sessions__PairingCheck"] = "00:00:01",
        ["Channels__Sessions__SettleWait"] = "00:00:01",
        ["Channels__Sessions__FirstRetry"] = "00:00:00.5",
        ["Channels__Sessions__LongestRetry"] = "00:00:02",
        ["Channels__Sessions__CodeLife"] = $"{CodeLife}",
    };
}
