using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Conversation;

/// <summary>The turns that are being answered in this process. After the signal to stop none begins, and those under way get some seconds to end.</summary>
/// <remarks>
/// Stopped before the grains are: until then all of them live, so that an answer is recorded and leaves as ever. What takes longer is cut off with its grain,
/// and its agent is asked again after the start, with the same turn id. Only a stop of the process waits here: a grain that goes for another reason goes at once.
/// </remarks>
internal sealed partial class TurnsUnderWay(Closing closing, TimeProvider clock, ILogger<TurnsUnderWay> logger) : IHostedService
{
    /// <summary>For agents to end. With the last requests before it and the journal behind it, it fits into what a stop may take.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private TaskCompletionSource? _ended;
    private int _count;

    /// <summary>Whether agents may still be asked.</summary>
    public bool MayAsk => !closing.IsClosing && Volatile.Read(ref _ended) is null;

    /// <summary>One more, until it is disposed of: by then what became of it is recorded. Null when none may begin.</summary>
    public IDisposable? TryBegin()
    {
        lock (_gate)
        {
            if (!MayAsk)
            {
                return null;
            }

            _count++;
            return new One(this);
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource ended;
        lock (_gate)
        {
            ended = _ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            EndIfNoneIsLeft();
        }

        try
        {
            await ended.Task.WaitAsync(Patience, clock, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            Log.CutOff(logger, Volatile.Read(ref _count));
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _count--;
            EndIfNoneIsLeft();
        }
    }

    private void EndIfNoneIsLeft()
    {
        if (_count == 0)
        {
            _ended?.TrySetResult();
        }
    }

    private sealed class One(TurnsUnderWay all) : IDisposable
    {
        private TurnsUnderWay? _all = all;

        public void Dispose() => Interlocked.Exchange(ref _all, null)?.End();
    }

    private static partial class Log
    {
        [LoggerMessage(4110, LogLevel.Warning, "{Count} turns were still being answered when this process stopped; their agents are asked again after the start, with the same turn ids")]
        public static partial void CutOff(ILogger logger, int count);
    }
}
