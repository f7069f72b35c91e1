using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Maintenance;

/// <summary>Remembers over restarts what time it was last, so that nothing is deleted on the word of a clock that has just jumped.</summary>
internal static class SteadyClock
{
    /// <summary>So long the clock must have gone on evenly before anything is deleted: somebody may notice and set it right.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    /// <summary>Longer than a weekend that a machine is switched off for.</summary>
    private static readonly TimeSpan _longestGap = TimeSpan.FromDays(3);

    /// <summary>Clocks are set back a little every day.</summary>
    private static readonly TimeSpan _furthestBack = TimeSpan.FromMinutes(5);

    private const string Look = """
        insert into housekeeping as h (seen_at, steady_since) values ($1, $1)
        on conflict (one) do update
        set steady_since = case when $1 between h.seen_at - $2 and h.seen_at + $3 then least(h.steady_since, $1) else $1 end, seen_at = $1
        returning steady_since
        """;

    /// <summary>Since when the clock has gone on evenly, this look included.</summary>
    public static async Task<DateTimeOffset> SinceAsync(NpgsqlDataSource database, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Look);
        command.Parameters.Add(new NpgsqlParameter { Value = now, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter { Value = _furthestBack, NpgsqlDbType = NpgsqlDbType.Interval });
        command.Parameters.Add(new NpgsqlParameter { Value = _longestGap, NpgsqlDbType = NpgsqlDbType.Interval });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetFieldValue<DateTimeOffset>(0);
    }
}
