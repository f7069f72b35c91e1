using Channels.Core;
using Channels.Testing;

namespace Channels.Grains.Tests;

/// <summary>What a grain's loop says of passes that fail, over and over while the store is away.</summary>
public sealed class PumpTests
{
    [Fact]
    public async Task Passes_that_fail_are_said_once_in_a_minute_and_by_the_grains_name()
    {
        var clock = new ManualClock();
        var log = new LogCollector();
        var passes = 0;
        var pump = new Pump(
            _ =>
            {
                passes++;
                throw new StoreUnavailableException("away");
            },
            () => "account 17", clock, log.For<PumpTests>());

        var paused = clock.TimerSetAsync();
        pump.Signal();
        for (var i = 0; i < 40; i++)
        {
            var pause = await paused;
            paused = clock.TimerSetAsync();
            clock.Advance(pause);
        }

        await paused;
        await pump.StopAsync();

        Assert.Equal(41, passes);
        Assert.All(log.Entries, entry => Assert.StartsWith("A pass of account 17 failed (StoreUnavailableException)", entry.Message, StringComparison.Ordinal));
        Assert.InRange(log.Entries.Count, 5, 10);
    }
}
