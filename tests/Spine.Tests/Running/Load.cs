using System.Collections.Concurrent;
using System.Diagnostics;

namespace Channels.Spine.Tests.Running;

/// <summary>Contacts who write without pause, as a gateway delivers them: one message after the other, each repeated until it got its 200.</summary>
internal sealed class Load(IReadOnlyList<Writer> writers) : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan BeforeRepeating = TimeSpan.FromMilliseconds(50);

    /// <summary>A restart under load takes seconds. What is refused for so long is refused for ever.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _ending = new();
    private Task _running = Task.CompletedTask;
    private long _refused;

    /// <summary>Attempts that got no 200.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public int Acknowledged => writers.Sum(writer => writer.Acknowledged.Count);

    public void Begin() => _running = Task.WhenAll(writers.Select(WriteAsync));

    /// <summary>No more new messages; returns when the last ones got their 200.</summary>
    public async Task EndAsync()
    {
        await _ending.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _ending.Dispose();
    }

    private async Task WriteAsync(Writer writer)
    {
        for (var n = 0; !_ending.IsCancellationRequested; n++)
        {
            var text = $"{Spine.Mark} {writer.Name} {n:00000}";
            var started = Stopwatch.GetTimestamp();
            while (await RefusalAsync(writer, $"{writer.Name}-{n}", text) is { } refusal)
            {
                Interlocked.Increment(ref _refused);
                if (Stopwatch.GetElapsedTime(started) > Patience)
                {
                    throw new TimeoutException($"Nobody took {writer.Name}-{n} for {Patience.TotalSeconds:0} s.", refusal);
                }

                await Task.Delay(BeforeRepeating);
            }

            writer.Acknowledged.Enqueue(text);
            await Task.Delay(Pace);
        }
    }

    private static async Task<Exception?> RefusalAsync(Writer writer, string id, string text)
    {
        try
        {
            await writer.WriteAsync(id, text);
            return null;
        }
        catch (Exception away) when (away is HttpRequestException or IOException or TaskCanceledException)
        {
            return away;
        }
    }
}

/// <summary>One contact.</summary>
/// <param name="Name">Their number or made-up id.</param>
/// <param name="Channel">Where they write.</param>
/// <param name="WriteAsync">Delivers one message; throws when it got no 200.</param>
internal sealed record Writer(string Name, Channel Channel, Func<string, string, Task> WriteAsync)
{
    /// <summary>The texts that got a 200, in order.</summary>
    public ConcurrentQueue<string> Acknowledged { get; } = new();

    public static Writer Customer(EvolutionChannel shop, string number) =>
        new(number, shop.Channel, (id, text) => shop.SaysAsync(number, text, id));

    public static Writer Simulated(Channel channel, string name) =>
        new(name, channel, (id, text) => channel.SimulateAsync(name, text, id));
}
