using Channels.Grains.Conversation;

namespace Channels.Grains.Tests.Conversation;

public sealed class OutcomesTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData(-1, true)]
    [InlineData(1, false)]
    [InlineData(24 * 60, false)]
    [InlineData((25 * 60) + 1, true)]
    public void The_wait_for_an_answer_is_over_at_its_end_and_when_that_is_further_away_than_any_may_be(int? minutes, bool over)
    {
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

        Assert.Equal(over, Outcomes.IsOver(minutes is { } away ? now.AddMinutes(away) : null, now));
    }
}
