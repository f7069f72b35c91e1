using Channels.Testing;

namespace Channels.Storage.Tests.Transcript;

/// <summary>Until when an echo is held that nobody claims.</summary>
public sealed class HeldEchoTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly DateTimeOffset Noon = OwnMessagesStage.Noon;

    [PostgresTheory]
    [InlineData(29, true)]
    [InlineData(30, false)]
    [InlineData(-20, true)]
    [InlineData(-3600, false)]
    public async Task It_is_held_until_its_time_is_over_and_no_longer_when_the_clock_was_set_back(int secondsLater, bool isHeld)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        await stage.SendingAsync(stage.Where, "ours", state: 2);
        await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-1", "a person's", TimeSpan.FromSeconds(30))] });

        var settled = await stage.SettleEchoesAsync(Noon.AddSeconds(secondsLater));

        Assert.Equal(isHeld, settled.StillHeld);
        Assert.Equal(isHeld ? [] : [stage.Where.Conversation], settled.Takeovers.AsEnumerable());
    }
}
