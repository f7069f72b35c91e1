using Channels.Core.Connectors;
using Channels.Core.Events;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Media;

/// <summary>One attempt to fetch one file into memory: no larger than is kept, no longer than a place is given for, and not without bytes for long.</summary>
internal sealed partial class MediaAttempt : IDisposable
{
    /// <summary>The largest file that is kept: what the API would take for sending.</summary>
    internal const int Largest = OutboundBytes.Largest;

    /// <summary>For all of it, however steadily it comes.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>Without a byte for so long a download has stopped, and its place is somebody else's.</summary>
    internal static readonly TimeSpan Stalled = TimeSpan.FromSeconds(15);

    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stalled;
    private readonly BoundedStream _file;

    public MediaAttempt(TimeProvider clock, ILogger logger)
    {
        _clock = clock;
        _logger = logger;
        _stalled = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _file = new BoundedStream(Largest, () => _stalled.CancelAfter(Stalled));
    }

    /// <summary>What came. Only until disposed.</summary>
    public ReadOnlyMemory<byte> Bytes => _file.GetBuffer().AsMemory(0, (int)_file.Length);

    private static MediaFetchOutcome.Gone TooLarge { get; } = new($"it is larger than {Largest >> 20} MB");

    /// <summary>Throws only when <paramref name="cancellationToken"/> is the cause, whatever the connector does.</summary>
    public async Task<MediaFetchOutcome> RunAsync(IMediaFetch connector, Connection connection, MediaReference media, CancellationToken cancellationToken)
    {
        _stalled.CancelAfter(connector.FirstByteWithin);
        using var limit = new CancellationTokenSource(Longest, _clock);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stalled.Token, cancellationToken);
        try
        {
            var outcome = await connector.FetchAsync(connection, media, _file, any.Token);
            return _file.IsOver ? TooLarge

                // A gateway that has not fetched it itself yet, or no more, answers 200 without a byte; nobody sends an empty file.
                : outcome is MediaFetchOutcome.Fetched && _file.Length == 0 ? new MediaFetchOutcome.TryLater(TimeSpan.Zero, "the file came empty")
                : outcome;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new MediaFetchOutcome.TryLater(
                TimeSpan.Zero, limit.IsCancellationRequested ? $"not complete within {Longest.TotalMinutes:0} minutes" : $"the download stopped after {_file.Length} bytes");
        }
        catch (Exception failure) when (_file.IsOver && failure is not OperationCanceledException)
        {
            return TooLarge;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.ConnectorThrew(_logger, connector.Manifest.Id, failure.GetType().Name, failure.StackTrace);
            return new MediaFetchOutcome.TryLater(TimeSpan.Zero, $"the connector failed ({failure.GetType().Name})");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _stalled.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(4602, LogLevel.Error, "The connector {Kind} threw {Failure} while it fetched a file\n{Trace}")]
        public static partial void ConnectorThrew(ILogger logger, string kind, string failure, string? trace);
    }
}
