namespace Channels.Spine.Tests.Running;

/// <summary>A <see cref="Spine"/> that asks within a second how its numbers stand, so that tests need not wait for an hour.</summary>
public sealed class CloudSpine : Spine
{
    internal override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Channels__Intake__HealthEvery"] = "00:00:01",
        ["Channels__Intake__HealthAilingEvery"] = "00:00:00.5",
        ["Channels__Intake__LookAfterTrouble"] = "00:00:00.2",
    };
}
