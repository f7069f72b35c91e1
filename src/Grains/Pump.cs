using Channels.Core.Text;
using Microsoft.Extensions.Logging;

namespace Channels.Grains;

/// <summary>A grain's own loop: runs while there is work, one pass at a time, on the grain's scheduler; calls to the grain only signal it.</summary>
/// <remarks>
/// Made and signalled inside grain turns only, so that its continuations stay on the activation. A pass that fails is repeated after a pause
/// that grows to 15 s: what it works on is in the database, so nothing is lost by trying again. It is said once in a minute: while the store is away every grain's passes fail.
/// </remarks>
/// <param name="pass">One pass.</param>
/// <param name="whose">The grain's name for the log, asked for when something is said: a grain's key is not there yet while it is made.</param>
/// <param name="clock">Whose time.</param>
/// <param name="logger">The grain's.</param>
#pragma warning disable CA1001 // The source has neither timer nor wait handle: there is nothing to dispose of.
internal sealed partial class Pump(Func<CancellationToken, Task> pass, Func<string> whose, TimeProvider clock, ILogger logger)
#pragma warning restore CA1001
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private readonly CancellationTokenSource _stopping = new();
    private readonly RepeatedLine _failed = new(clock, TimeSpan.FromMinutes(1));
    private Task _running = Task.CompletedTask;
    private bool _wanted;

    /// <summary>Cancelled when the grain goes.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>There may be work. Returns at once.</summary>
    public void Signal()
    {
        _wanted = true;
        if (_running.IsCompleted && !_stopping.IsCancellationRequested)
        {
            _running = RunAsync();
        }
    }

    /// <summary>Ends the loop: the pass under way is cancelled and awaited.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    private async Task RunAsync()
    {
        // The caller's turn ends before the work begins.
        await Task.Yield();
        var failures = 0;
        while (_wanted && !_stopping.IsCancellationRequested)
        {
            _wanted = false;
            try
            {
                await pass(_stopping.Token);
                failures = 0;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // An exception's message may quote a contact's words; its type and place say enough.
                _wanted = true;
                var pause = TimeSpan.FromMilliseconds(Math.Min(LongestPause.TotalMilliseconds, 100 * Math.Pow(2, failures++)));
                if (_failed.IsDue(out var leftOut))
                {
                    Log.PassFailed(logger, whose(), failure.GetType().Name, leftOut, pause, Where(failure));
                }

                if (!await PauseAsync(pause))
                {
                    return;
                }
            }
        }
    }

    // The trace of what is known says nothing; what is wrong with the files, everything.
    private static string? Where(Exception failure) => failure switch
    {
        Core.StoreUnavailableException => null,
        Core.Media.MediaUnavailableException => failure.Message,
        _ => failure.StackTrace,
    };

    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, clock, _stopping.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Warning, "A pass of {Grain} failed ({Failure}), after {LeftOut} more since this was last said; it goes again in {Pause}. {Where}")]
        public static partial void PassFailed(ILogger logger, string grain, string failure, long leftOut, TimeSpan pause, string? where);
    }
}
