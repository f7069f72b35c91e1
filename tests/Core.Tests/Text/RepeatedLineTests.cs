using Channels.Core.Text;
using Channels.Testing;

namespace Channels.Core.Tests.Text;

public sealed class RepeatedLineTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void The_first_is_said_at_once_and_the_rest_as_a_number_after_a_while()
    {
        var line = new RepeatedLine(_clock, TimeSpan.FromSeconds(10));

        var said = new List<long>();
        for (var i = 0; i < 30_000; i++)
        {
            if (line.IsDue(out var leftOut))
            {
                said.Add(leftOut);
            }

            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal([0, 9_999, 9_999], said);
    }

    [Fact]
    public void One_that_comes_seldom_is_said_every_time()
    {
        var line = new RepeatedLine(_clock, TimeSpan.FromSeconds(10));

        Assert.True(line.IsDue(out _));
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.True(line.IsDue(out var leftOut));
        Assert.Equal(0, leftOut);
    }
}
