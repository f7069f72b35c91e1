using Channels.Core.Connectors;
using Channels.Core.Intake;
using Channels.Grains.Intake;

namespace Channels.Grains.Tests.Intake;

public sealed class HealthVerdictTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Trouble_that_stops_nothing_leaves_the_account_active()
    {
        Assert.True(IntakeVerdict.Of(new HealthReading.Ailing("quality-low", "r", "n"), failures: 0) is { Ends: false, Code: "quality-low", NextStep: "n", EndsItsOwn: true });
        Assert.True(IntakeVerdict.Of(new HealthReading.Broken("unauthorized", "r", "n"), failures: 0) is { Ends: true, Code: "unauthorized" });
        Assert.True(IntakeVerdict.Of(new HealthReading.Well(), failures: 0) is { Ends: false, Code: null, EndsItsOwn: true });
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void A_provider_that_cannot_be_asked_is_said_from_the_third_time_on_and_breaks_nothing(int failures, bool said)
    {
        var verdict = IntakeVerdict.Of(new HealthReading.Unknown("no answer"), failures);

        Assert.Equal(said, verdict is not null);
        Assert.True(verdict is null or { Ends: false, IsSilence: true, Code: "provider-unreachable" });
    }

    [Fact]
    public void Updates_that_never_came_are_said_with_how_many_since_when_and_what_the_provider_says()
    {
        var flowing = new WebhookReading.Flowing { Waiting = "no updates wait there" };

        var verdict = IntakeVerdict.Of(new UpdateGap(3, Noon), flowing, before: Noon.AddSeconds(1));

        Assert.True(verdict is { Ends: false, Code: "updates-missing" });
        Assert.Contains("3 updates are missing since 2026-11-01 12:00:00 UTC", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains("no updates wait there", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_may_still_be_on_its_way_is_not_missing()
    {
        Assert.Equal(IntakeVerdict.Well, IntakeVerdict.Of(new UpdateGap(3, Noon), new WebhookReading.Flowing(), before: Noon));
        Assert.Equal(IntakeVerdict.Well, IntakeVerdict.Of(default, new WebhookReading.Flowing(), before: Noon));
    }
}
