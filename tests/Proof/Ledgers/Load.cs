using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Channels.Proof.Ledgers;

/// <summary>Contacts who write without pause, as a gateway delivers them: one message after the other, each repeated until it got its 200.</summary>
/// <param name="writers">Who writes.</param>
/// <param name="pace">How long each waits between two messages.</param>
/// <param name="most">How many messages each writes; null for as many as there is time for.</param>
/// <param name="beforeRepeating">How long each waits after a refusal.</param>
internal sealed class Load(IReadOnlyList<Writer> writers, TimeSpan? pace = null, int? most = null, TimeSpan? beforeRepeating = null) : IAsyncDisposable
{
    /// <summary>A restart under load takes seconds, an ordered outage minutes. What is refused for so long is refused for ever.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Of one who writes through a simulator: that is a request, which waits for the store as long as its client does.</summary>
    public const string NoAnswerToRequest = "no answer at a simulator";

    private const string NoAnswer = "no answer";

    private readonly TimeSpan _pace = pace ?? TimeSpan.FromMilliseconds(20);
    private readonly TimeSpan _beforeRepeating = beforeRepeating ?? TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<string, int> _refusals = new();
    private Task _running = Task.CompletedTask;
    private long _slowest;

    /// <summary>How long each message that got its 200 at the first attempt waited for it.</summary>
    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    /// <summary>The longest that any attempt of a gateway's waited for its answer, whatever it was. A simulator's is a request, not a webhook.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(Interlocked.Read(ref _slowest));

    /// <summary>Attempts that got no 200, by what they got: <c>503 with Retry-After</c>, <c>500</c>, <c>no answer</c>…</summary>
    public IReadOnlyDictionary<string, int> Refusals => _refusals;

    public int Refused => _refusals.Values.Sum();

    public int Acknowledged => writers.Sum(writer => writer.Acknowledged.Count);

    public string RefusalsShown => _refusals.IsEmpty ? "none" : string.Join(", ", _refusals.OrderBy(one => one.Key).Select(one => $"{one.Value} × {one.Key}"));

    public void Begin() => _running = Task.WhenAll(writers.Select(WriteAsync));

    /// <summary>Returns when every contact has written all they had to write.</summary>
    public Task WrittenAsync() => _running;

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
        for (var n = writer.Acknowledged.Count; !_ending.IsCancellationRequested && writer.Acknowledged.Count < (most ?? int.MaxValue); n++)
        {
            await UntilTakenAsync(writer, writer.IdOf(n), writer.TextOf(n));
            writer.Acknowledged.Enqueue(writer.TextOf(n));
            if (_pace > TimeSpan.Zero)
            {
                await Task.Delay(_pace);
            }
        }
    }

    private async Task UntilTakenAsync(Writer writer, string id, string text)
    {
        var started = Stopwatch.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var asked = Stopwatch.GetTimestamp();
            var refused = await RefusalAsync(writer, id, text);
            Answered(writer.Shop is null ? TimeSpan.Zero : Stopwatch.GetElapsedTime(asked));
            if (refused is not { } refusal)
            {
                if (attempt == 1)
                {
                    Waits.Enqueue(Stopwatch.GetElapsedTime(started));
                }

                return;
            }

            _refusals.AddOrUpdate(writer.Shop is null && refusal == NoAnswer ? NoAnswerToRequest : refusal, 1, (_, before) => before + 1);
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"Nobody took {id} for {Patience.TotalSeconds:0} s; the last answer: {refusal}.");
            }

            await Task.Delay(_beforeRepeating);
        }
    }

    private void Answered(TimeSpan waited)
    {
        for (var slowest = Interlocked.Read(ref _slowest); slowest < waited.Ticks;)
        {
            var before = Interlocked.CompareExchange(ref _slowest, waited.Ticks, slowest);
            slowest = before == slowest ? waited.Ticks : before;
        }
    }

    // Null when it was taken.
    private static async Task<string?> RefusalAsync(Writer writer, string id, string text)
    {
        try
        {
            var answer = await writer.AttemptAsync(id, text);
            return answer.Status is HttpStatusCode.OK or HttpStatusCode.Accepted ? null : answer.RetryAfter is null ? $"{(int)answer.Status}" : $"{(int)answer.Status} with Retry-After";
        }
        catch (Exception away) when (away is HttpRequestException or IOException or TaskCanceledException)
        {
            return NoAnswer;
        }
    }
}
