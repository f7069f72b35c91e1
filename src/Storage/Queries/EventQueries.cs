using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Queries;

/// <summary>A tenant's events in an order in which none is ever skipped, or it is said.</summary>
/// <remarks>
/// Only rows whose transaction is below every running one are shown: ids are made before their transaction commits, so a reader that
/// went by id alone would pass over a late commit for ever. A long transaction anywhere on the server delays events; it loses none.
/// What is past its keep goes (<see cref="Maintenance.EventTrims"/>). Weeks go by the time in ids and readers by transactions, so that some of what is before
/// the last event that went may still be there: it is shown, and a cursor among it remembers which trims its reader knows of.
/// </remarks>
public sealed class EventQueries(TenantScope scope)
{
    // One statement, one moment: trims read before the events, or after them, would miss what goes in between.
    // Ordered by the column and not by the output of the same name, which is text: there 10 comes before 9, and a cursor behind 10 has passed 9 for ever.
    private const string After = """
        select t.gone, t.known, t.before, t.ahead, e.xid::text, e.id, e.type, e.account_id, e.conversation_id, e.message_id, e.data::text,
               exists (select from event_trim b where b.tenant_id = $1 and (b.xid, b.id) > (e.xid, e.id))
        from (
          select (array_agg(id order by xid desc, id desc) filter (where trim > $4 and (xid, id) > ($2::text::xid8, $3::uuid)))[1] as gone,
                 coalesce(max(trim), 0) as known, coalesce(bool_or((xid, id) > ($2::text::xid8, $3::uuid)), false) as before,
                 $2::text::xid8 > pg_snapshot_xmin(pg_current_snapshot()) as ahead
          from event_trim where tenant_id = $1) as t
        left join lateral (
          select * from event
          where tenant_id = $1 and (xid, id) > ($2::text::xid8, $3::uuid) and xid < pg_snapshot_xmin(pg_current_snapshot())
          order by xid, id limit $5) as e on true
        order by e.xid, e.id
        """;

    // Whatever was written by transactions before this one is in the past; of those at this moment all is still to come.
    private const string Now = """
        select pg_snapshot_xmin(pg_current_snapshot())::text,
               coalesce((select max(trim) from event_trim where tenant_id = $1 having bool_or(xid >= pg_snapshot_xmin(pg_current_snapshot()))), 0)
        """;

    /// <summary>Where a reader begins who wants only what happens from now on. What is being written at this moment is still to come.</summary>
    public async Task<EventCursor> NowAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Now, tenant.Value)], cancellationToken);
        var rows = reading.Rows;
        await rows.ReadAsync(cancellationToken);
        return new EventCursor(Transaction(rows, 0), Guid.Empty, rows.GetInt64(1));
    }

    /// <summary>Up to <paramref name="limit"/> events after the cursor, or that some of them are gone.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="after">Null for the oldest event that is kept; then nothing was missed.</param>
    /// <param name="limit">Events of one page.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<EventReading> ReadAsync(TenantId tenant, EventCursor? after, int limit, CancellationToken cancellationToken)
    {
        var place = after ?? new EventCursor(0, Guid.Empty, long.MaxValue);
        await using var reading = await scope.QueryAsync(
            tenant, [Sql.Statement(After, tenant.Value, place.Transaction.ToString(CultureInfo.InvariantCulture), place.Id, place.Known, limit)], cancellationToken);
        var rows = reading.Rows;

        // There is one row at least: what is known of the trims stands in each, beside an event or without one.
        await rows.ReadAsync(cancellationToken);
        if (rows.GetBoolean(3) || after?.Known > rows.GetInt64(1))
        {
            // Since the store was put back it may have written events that this reader never saw. Which, nobody can tell: it gets all, those from before the backup once more.
            return new EventReading.FromElsewhere(new EventCursor(0, Guid.Empty, rows.GetInt64(1)));
        }

        if (rows.Id(0) is { } last)
        {
            // From the same place, knowing of every trim so far: what is gone is missed, and nothing is read twice.
            return new EventReading.Gone(IdSource.TimeOf(last), place with { Known = rows.GetInt64(1) });
        }

        // Of the trims after this one none took anything from behind the cursor, or it would have been said.
        place = place with { Known = rows.GetBoolean(2) ? rows.GetInt64(1) : 0 };
        var events = ImmutableArray.CreateBuilder<EventRow>();
        while (!await rows.IsDBNullAsync(4, cancellationToken))
        {
            events.Add(Read(rows));
            if (!await rows.ReadAsync(cancellationToken))
            {
                break;
            }
        }

        return new EventReading.Page(events.ToImmutable(), events.Count == 0 ? place : events[^1].Cursor, events.Count == limit);
    }

    private static EventRow Read(NpgsqlDataReader row) => new(
        new(Transaction(row, 4), row.GetGuid(5), row.GetBoolean(11) ? row.GetInt64(1) : 0), row.GetString(6), row.Id(7), row.Id(8), row.Id(9),
        row.Text(10) is { } data ? JsonText.Parse(data) : null);

    private static ulong Transaction(NpgsqlDataReader row, int column) => ulong.Parse(row.GetString(column), CultureInfo.InvariantCulture);
}

/// <summary>Where a reader of events stands. Programs keep its text and give it back.</summary>
/// <param name="Transaction">Of the last event that was read.</param>
/// <param name="Id">Of that event.</param>
/// <param name="Known">The last trim the reader knows of, where one took events from behind this place; else 0.</param>
public readonly record struct EventCursor(ulong Transaction, Guid Id, long Known = 0)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; null when it is anything else.</summary>
    public static EventCursor? Parse(string text) =>
        text.Split('-') is [var written, var last, .. var rest]
        && ulong.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out var transaction)
        && Guid.TryParseExact(last, "N", out var id)
        && KnownOf(rest) is { } known
            ? new(transaction, id, known)
            : null;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Transaction}-{Id:N}{(Known > 0 ? $"-{Known}" : "")}");

    private static long? KnownOf(string[] rest) =>
        rest is [] ? 0 : rest is [var trim] && long.TryParse(trim, NumberStyles.None, CultureInfo.InvariantCulture, out var known) ? known : null;
}

/// <summary>Something that happened.</summary>
public sealed record EventRow(EventCursor Cursor, string Type, Guid? Account, Guid? Conversation, Guid? Message, JsonElement? Data)
{
    /// <summary>When it was written.</summary>
    public DateTimeOffset At => IdSource.TimeOf(Cursor.Id);
}

/// <summary>What came of reading events. The family is closed: callers switch on it.</summary>
public abstract record EventReading
{
    private EventReading()
    {
    }

    /// <summary>Events, where to go on, and whether more wait already.</summary>
    public sealed record Page(ImmutableArray<EventRow> Events, EventCursor Next, bool More) : EventReading;

    /// <summary>Events behind the cursor are past their keep and gone.</summary>
    /// <param name="Until">The time in the id of the last of them. Where that is the id of a message, it is the message's time: what became of it came later.</param>
    /// <param name="Next">Where to go on: the same place, having been told.</param>
    public sealed record Gone(DateTimeOffset Until, EventCursor Next) : EventReading;

    /// <summary>The cursor stands ahead of all that was ever written here: it is of a store that this one was restored from. What happened since then cannot be told.</summary>
    /// <param name="Next">Where to go on: before the oldest event that is kept.</param>
    public sealed record FromElsewhere(EventCursor Next) : EventReading;
}
