using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Unrouted;

/// <summary>Throws away what has belonged to no channel for too long, and the oldest of it where there is too much; counts by what it named.</summary>
/// <remarks>The only thing that was acknowledged and goes without having been dealt with, so it never goes silently: the count and the deletion are one statement.</remarks>
internal sealed class UnroutedTrimming(NpgsqlDataSource database)
{
    private const int Slice = 1_000;

    // Rows that a replay holds at this moment are passed over: they are being handed to their owners.
    private const string Trim = """
        with past as materialized (
          select kind, id from unrouted_webhook where received_at <= $1 order by received_at, id limit $2 for update skip locked),
        gone as (
          delete from unrouted_webhook u using past p where u.kind = p.kind and u.id = p.id
          returning u.kind, u.setting, u.name, u.received_at, octet_length(u.body) as bytes),
        counted as (
          insert into unrouted_dropped as d (kind, setting, name, why, dropped, bytes, first_received_at, last_received_at, last_at)
          select kind, setting, name, $3, count(*), sum(bytes), min(received_at), max(received_at), $4 from gone group by kind, setting, name
          on conflict (kind, setting, name, why) do update
          set dropped = d.dropped + excluded.dropped, bytes = d.bytes + excluded.bytes, first_received_at = least(d.first_received_at, excluded.first_received_at),
              last_received_at = greatest(d.last_received_at, excluded.last_received_at), last_at = excluded.last_at)
        select count(*), coalesce(sum(bytes), 0)::bigint from gone
        """;

    // The newest of those for which there is no room, counted from the newest of all. The length of a body is known without reading it.
    private const string TooMuch = """
        select max(received_at) from (
          select received_at, row_number() over newest as n, sum(octet_length(body)) over newest as bytes
          from unrouted_webhook window newest as (order by received_at desc, id desc)) as w
        where n > $1 or bytes > $2
        """;

    // Counts of long ago, by time and then by number: a name is anybody's word, and there may be many.
    private const string Forget = """
        delete from unrouted_dropped where last_at < $1
           or (kind, setting, name, why) in (select kind, setting, name, why from unrouted_dropped order by last_at desc offset $2)
        """;

    /// <summary>What came before a moment; how much that was.</summary>
    public Task<(long Count, long Bytes)> TrimAsync(DateTimeOffset before, DateTimeOffset now, CancellationToken cancellationToken) => TrimAsync(before, "age", now, cancellationToken);

    /// <summary>The oldest beyond so many rows and bytes; how much that was, and how young the youngest of it. What came in the same instant goes together.</summary>
    public async Task<(long Count, long Bytes, DateTimeOffset? Until)> MakeRoomAsync(long rows, long bytes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = Patient(TooMuch);
        Sql.Add(command.Parameters, rows, bytes);
        if (await command.ExecuteScalarAsync(cancellationToken) is not DateTime edge)
        {
            return default;
        }

        var until = new DateTimeOffset(edge, TimeSpan.Zero);
        var (count, gone) = await TrimAsync(until, "room", now, cancellationToken);
        return (count, gone, until);
    }

    /// <summary>Counts that were last added to before a moment, and the oldest beyond <paramref name="most"/>.</summary>
    public async Task ForgetAsync(DateTimeOffset before, int most, CancellationToken cancellationToken)
    {
        await using var command = Patient(Forget);
        Sql.Add(command.Parameters, before, most);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // Nearly as long as it takes, and not for ever for a server that has vanished: each reads all that is kept, how much that is the operator says, and nobody waits for it.
    private NpgsqlCommand Patient(string sql)
    {
        var command = database.CreateCommand(sql);
        command.CommandTimeout = 3600;
        return command;
    }

    private async Task<(long Count, long Bytes)> TrimAsync(DateTimeOffset before, string why, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (all, bytes) = (0L, 0L);
        long slice;
        do
        {
            await using var command = Patient(Trim);
            Sql.Add(command.Parameters, before, Slice, why, now);
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            slice = row.GetInt64(0);
            all += slice;
            bytes += row.GetInt64(1);
        }
        while (slice == Slice);
        return (all, bytes);
    }
}
