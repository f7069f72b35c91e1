using Channels.Core.Connectors;
using Channels.Grains.Intake;

namespace Channels.Grains.Tests.Intake;

public sealed class IntakeVerdictTests
{
    [Fact]
    public void Whatever_comes_in_makes_it_well() => Assert.Equal(IntakeVerdict.Well, IntakeVerdict.Of(new PollOutcome.Fetched([], null), failures: 0));

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void Silence_counts_from_the_third_time_and_does_not_end_sending(int failures, bool said)
    {
        var polled = IntakeVerdict.Of(new PollOutcome.TryLater(TimeSpan.Zero, "provider-unreachable", "no answer"), failures);
        var watched = IntakeVerdict.Of(new WebhookReading.Unreachable("no answer"), failures);

        Assert.Equal((said, said), (polled is not null, watched is not null));
        Assert.True(polled is null or { Ends: false, Code: "provider-unreachable" });
        Assert.True(watched is null or { Ends: false, Code: "provider-unreachable" });
    }

    [Fact]
    public void What_is_broken_ends_it_at_once()
    {
        Assert.True(IntakeVerdict.Of(new PollOutcome.Broken("unauthorized", "r", "n"), failures: 1) is { Ends: true, Code: "unauthorized", NextStep: "n" });
        Assert.True(IntakeVerdict.Of(new WebhookReading.Broken("webhook-taken-over", "r", "n"), failures: 0) is { Ends: true, Code: "webhook-taken-over" });
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void What_may_pass_counts_from_the_third_time(int failures, bool said) =>
        Assert.Equal(said, IntakeVerdict.Of(new PollOutcome.Broken("polled-elsewhere", "r", "n", MayPass: true), failures) is { Ends: true });

    [Fact]
    public void A_provider_that_tries_again_by_itself_leaves_the_account_active() =>
        Assert.True(IntakeVerdict.Of(new WebhookReading.Failing("webhook-failing", "r", "n"), failures: 0) is { Ends: false, Code: "webhook-failing" });
}
