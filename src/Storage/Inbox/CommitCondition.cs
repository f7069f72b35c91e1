using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Inbox;

/// <summary>Whether webhooks can be committed, as their last transactions showed: a store that answers, and takes nothing, keeps every one of them out. Says it in the log, when it begins, while it lasts, and when it is over.</summary>
internal sealed partial class CommitCondition(TimeProvider clock, ILogger<CommitCondition> logger)
{
    /// <summary>A transaction that was refused counts for so long, whatever a trial would find: it had more to write.</summary>
    internal static readonly TimeSpan Remembered = TimeSpan.FromSeconds(15);

    /// <summary>Between two trials.</summary>
    internal static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>While it lasts it is said again after this.</summary>
    private static readonly TimeSpan SaidAgain = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private string? _what;
    private DateTimeOffset _since;
    private long? _refusedAt;
    private long? _triedAt;
    private long? _saidAt;

    /// <summary>What keeps webhooks from being committed, in words; null when nothing does, as far as is known.</summary>
    public string? What => Volatile.Read(ref _what);

    /// <summary>What a refusal says of the store, in words; null when it says nothing of it, but of what it was given.</summary>
    public static string? Words(string sqlState) => sqlState switch
    {
        PostgresErrorCodes.ReadOnlySqlTransaction => "the store takes no writes: the connection leads to a stand-by, or to a server that is set to read-only (SQLSTATE 25006)",
        PostgresErrorCodes.DiskFull => "the store takes no writes: its disk is full (SQLSTATE 53100)",
        ['5', '3', ..] => $"the store takes no writes: it has run out of something (SQLSTATE {sqlState})",
        _ => null,
    };

    /// <summary>Webhooks were committed, or a trial went well.</summary>
    public void Succeeded()
    {
        // Nearly always.
        if (What is null)
        {
            return;
        }

        lock (_gate)
        {
            if (_what is null)
            {
                return;
            }

            Log.TakenAgain(logger, _since);
            (_what, _refusedAt, _triedAt) = (null, null, null);
        }
    }

    /// <summary>A transaction was refused.</summary>
    public void Refused(string sqlState)
    {
        if (Words(sqlState) is not { } words)
        {
            return;
        }

        lock (_gate)
        {
            _since = _what is null ? clock.GetUtcNow() : _since;
            (_what, _refusedAt) = (words, clock.GetTimestamp());

            // Not by whether it was over meanwhile: a trial may find room that a batch does not.
            if (!IsWithin(_saidAt, SaidAgain))
            {
                _saidAt = clock.GetTimestamp();
                Log.NotTaken(logger, words, _since);
            }
        }
    }

    /// <summary>Whether it is time to try: nothing has been refused or tried lately. Whoever is told so tries.</summary>
    public bool MayTry()
    {
        lock (_gate)
        {
            if (IsWithin(_refusedAt, Remembered) || IsWithin(_triedAt, Fresh))
            {
                return false;
            }

            _triedAt = clock.GetTimestamp();
            return true;
        }
    }

    private bool IsWithin(long? moment, TimeSpan span) => moment is { } at && clock.GetElapsedTime(at) < span;

    private static partial class Log
    {
        [LoggerMessage(2114, LogLevel.Error, "No webhook can be stored since {Since:u}: {What}. Every provider gets 503, and /readyz says so, until it is mended")]
        public static partial void NotTaken(ILogger logger, string what, DateTimeOffset since);

        [LoggerMessage(2115, LogLevel.Information, "Webhooks can be stored again; they could not since {Since:u}")]
        public static partial void TakenAgain(ILogger logger, DateTimeOffset since);
    }
}
