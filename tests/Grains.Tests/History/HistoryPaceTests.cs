using Channels.Core.Connectors;
using Channels.Core.History;
using Channels.Grains.History;

namespace Channels.Grains.Tests.History;

public sealed class HistoryPaceTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(null, 0, 100)]
    [InlineData(250, 0, 100)]
    [InlineData(250, 200, 50)]
    public void No_more_is_asked_for_than_is_wanted(int? most, long read, int wanted) => Assert.Equal(wanted, HistoryPace.Wanted(Import(most, read)));

    [Fact]
    public void A_page_moves_it_on_and_forgets_what_was_wrong()
    {
        var (moved, wait) = HistoryPace.After(Import(null, 100) with { Failures = 3, Reason = "away", NextStep = "wait" }, Page(100, "next"), Now);

        Assert.Equal((HistoryImportState.Running, 200L, "next", 0, null, null), (moved.State, moved.Read, moved.Cursor, moved.Failures, moved.Reason, moved.NextStep));
        Assert.Equal(HistoryPace.BetweenPages, wait);
    }

    [Fact]
    public void It_is_done_at_the_end_and_at_the_limit()
    {
        Assert.Equal((HistoryImportState.Done, Now), Ended(HistoryPace.After(Import(null, 0), Page(7, null), Now).Import));
        Assert.Equal((HistoryImportState.Done, Now), Ended(HistoryPace.After(Import(150, 100), Page(50, "next"), Now).Import));
        Assert.Equal(HistoryImportState.Running, HistoryPace.After(Import(150, 0), Page(100, "next"), Now).Import.State);
    }

    [Fact]
    public void A_provider_that_is_away_is_asked_ever_less_often_and_not_for_ever()
    {
        var import = Import(null, 100) with { Cursor = "here" };
        var waits = new List<TimeSpan>();
        while (import.State == HistoryImportState.Running)
        {
            (import, var wait) = HistoryPace.After(import, new HistoryOutcome.TryLater(TimeSpan.Zero, "away"), Now);
            waits.Add(wait);
            Assert.True(waits.Count < 1_000);
        }

        Assert.Equal((HistoryImportState.Failed, 100L, "here"), (import.State, import.Read, import.Cursor));
        Assert.Equal(TimeSpan.FromSeconds(5), waits[0]);
        Assert.True(waits.Zip(waits.Skip(1)).SkipLast(1).All(pair => pair.First <= pair.Second));
        Assert.InRange(waits.Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait), TimeSpan.FromHours(2), TimeSpan.FromHours(12));
        Assert.NotNull(import.NextStep);
    }

    [Fact]
    public void The_providers_own_wait_counts_when_it_is_longer() =>
        Assert.Equal(TimeSpan.FromMinutes(9), HistoryPace.After(Import(null, 0), new HistoryOutcome.TryLater(TimeSpan.FromMinutes(9), "busy"), Now).Wait);

    [Fact]
    public void No_provider_puts_it_off_for_more_than_an_hour() =>
        Assert.Equal(TimeSpan.FromHours(1), HistoryPace.After(Import(null, 0), new HistoryOutcome.TryLater(TimeSpan.FromDays(20_000), "busy"), Now).Wait);

    [Fact]
    public void A_refusal_ends_it_with_what_to_do()
    {
        var (ended, _) = HistoryPace.After(Import(null, 5), new HistoryOutcome.Refused("no store", "switch it on"), Now);

        Assert.Equal((HistoryImportState.Failed, "no store", "switch it on", 5L), (ended.State, ended.Reason, ended.NextStep, ended.Read));
    }

    private static (HistoryImportState, DateTimeOffset?) Ended(HistoryImport import) => (import.State, import.EndedAt);

    private static HistoryOutcome.Page Page(int messages, string? cursor) => new([], messages, cursor);

    private static HistoryImport Import(int? most, long read) =>
        new(new Guid(1, 0, 0, new byte[8]), HistoryStrategy.All, most, HistoryImportState.Running, read, null, null, null, 0, Now.AddHours(-1), Now.AddMinutes(-1), null);
}
