using System.Diagnostics;
using Channels.Cli.Output;
using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

/// <summary>The command as a process of its own, in a pipe and before a full disk.</summary>
public sealed class StandardStreamTests : IAsyncLifetime
{
    private FakeApi _api = null!;

    public async Task InitializeAsync() => _api = (await FakeApi.StartAsync()).On("GET /readyz", new { status = "ready" }).On("GET /api/v1/channels", new { channels = Array.Empty<object>(), total = 0 });

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task What_cannot_be_written_is_no_success_and_no_stack_trace()
    {
        if (!File.Exists("/dev/full"))
        {
            return;
        }

        var (code, _, error) = await ShellAsync("\"$0\" \"$1\" healthcheck > /dev/full");

        Assert.Equal(ExitCodes.Wrong, code);
        Assert.StartsWith("error: Standard output could not be written: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_followed_only_as_long_as_somebody_reads_them()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        _api.On("GET /api/v1/events", new { events = new[] { new { cursor = "1-0", type = "message.received", created_at = "2026-01-01T10:00:00Z" } }, cursor = "1-0", more = false });

        var (code, output, error) = await ShellAsync("{ \"$0\" \"$1\" tail --since beginning; echo \"ended with $?\" >&2; } | head -1");

        Assert.Equal(0, code);
        Assert.Equal("2026-01-01 10:00:00Z message.received\n", output);
        Assert.Equal("ended with 0\n", error);
    }

    [Fact]
    public async Task What_others_write_to_the_same_file_stays()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var (_, output, _) = await ShellAsync("f=$(mktemp); (echo before; \"$0\" \"$1\" healthcheck; echo after) > $f; cat $f; rm $f");

        Assert.Equal("before\nThe server is ready; 0 channels, none needs attention.\nafter\n", output);
    }

    [Fact]
    public void A_stream_that_broke_takes_the_rest_and_keeps_why()
    {
        using var full = new StandardStream(new Full());
        using var writer = full.ToWriter();

        writer.WriteLine("one");
        writer.WriteLine("two");

        Assert.True(full.IsBroken);
        Assert.Equal("No space left.", full.Failure);
    }

    [Fact]
    public void A_pipe_that_is_full_and_does_not_wait_gets_everything_once_somebody_reads_it()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var pipe = new FullForAMoment();
        using var patient = new StandardStream(pipe);
        using var writer = patient.ToWriter();
        var text = new string('x', 2000);

        writer.Write(text);

        Assert.Equal(text, System.Text.Encoding.ASCII.GetString(pipe.ToArray()));
        Assert.Equal((false, null), (patient.IsBroken, patient.Failure));
    }

    private async Task<(int Code, string Out, string Error)> ShellAsync(string script)
    {
        var dotnet = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", script, dotnet, typeof(ChannelsCommand).Assembly.Location }, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CHANNELS_URL"] = _api.Address.ToString();
        start.Environment["CHANNELS_API_KEY"] = FakeApi.Key;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private sealed class Full : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left.");
    }

    /// <summary>Takes every third write.</summary>
    private sealed class FullForAMoment : MemoryStream
    {
        private int _writes;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (++_writes % 3 != 0)
            {
                throw new IOException("Resource temporarily unavailable", OperatingSystem.IsMacOS() ? 35 : 11);
            }

            base.Write(buffer);
        }
    }
}
