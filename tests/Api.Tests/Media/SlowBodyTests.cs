using System.IO.Pipelines;
using Channels.Api.Requests;
using Channels.Testing;
using Microsoft.AspNetCore.Http;

namespace Channels.Api.Tests.Media;

public sealed class SlowBodyTests
{
    [Fact]
    public async Task Who_sends_a_byte_now_and_then_is_told_in_time_that_it_took_too_long()
    {
        var (clock, pipe) = (new ManualClock(), new Pipe());
        var http = new DefaultHttpContext { Request = { Body = pipe.Reader.AsStream() } };
        var reading = BoundedBody.ReadAsync(http, 100, TimeSpan.FromMinutes(5), clock).AsTask();

        await pipe.Writer.WriteAsync(new byte[1]);
        clock.Advance(TimeSpan.FromMinutes(4));
        await pipe.Writer.WriteAsync(new byte[1]);
        clock.Advance(TimeSpan.FromMinutes(1));

        var late = await Assert.ThrowsAsync<BadHttpRequestException>(() => reading.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(StatusCodes.Status408RequestTimeout, late.StatusCode);
    }

    [Fact]
    public async Task Who_holds_room_that_is_everybodys_has_only_so_long_for_the_rest()
    {
        var (clock, pipe) = (new ManualClock(), new Pipe());
        var http = new DefaultHttpContext { Request = { Body = pipe.Reader.AsStream(), ContentLength = 3 } };
        await pipe.Writer.WriteAsync(new byte[1]);
        var waiting = clock.TimerSetAsync();
        var reading = BoundedBody.ReadAsync(http, 100, mayHold: null, (TimeSpan.FromSeconds(30), clock)).AsTask();
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        await pipe.Writer.WriteAsync(new byte[1]);

        clock.Advance(TimeSpan.FromSeconds(30));

        var late = await Assert.ThrowsAsync<BadHttpRequestException>(() => reading.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(StatusCodes.Status408RequestTimeout, late.StatusCode);
        Assert.Equal(0, clock.TimersSet);
    }

    [Fact]
    public async Task Who_is_done_in_time_is_not()
    {
        var (clock, pipe) = (new ManualClock(), new Pipe());
        var http = new DefaultHttpContext { Request = { Body = pipe.Reader.AsStream() } };
        var reading = BoundedBody.ReadAsync(http, 100, TimeSpan.FromMinutes(5), clock).AsTask();

        await pipe.Writer.WriteAsync(new byte[3]);
        await pipe.Writer.CompleteAsync();

        Assert.Equal(3, (await reading.WaitAsync(TimeSpan.FromSeconds(30)))!.Length);
        Assert.Equal(0, clock.TimersSet);
    }
}
