using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Queries;

/// <summary>A tenant's events in an order in which none is ever skipped.</summary>
/// <remarks>
/// Only rows whose transaction is below every running one are shown: ids are made before their transaction commits, so a reader that
/// went by id alone would pass over a late commit for ever. A long transaction anywhere on the server delays events; it loses none.
/// </remarks>
public sealed class EventQueries(TenantScope scope)
{
    // Ordered by the column and not by the output of the same name, which is text: there 10 comes before 9, and a cursor behind 10 has passed 9 for ever.
    private const string After = """
        select e.xid::text, e.id, e.type, e.account_id, e.conversation_id, e.message_id, e.data::text
        from event e
        where e.tenant_id = $1 and (e.xid, e.id) > ($2::text::xid8, $3::uuid) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
        order by e.xid, e.id limit $4
        """;

    // Whatever was written by transactions before this one is in the past; of those at this moment all is still to come.
    private const string Now = "select pg_snapshot_xmin(pg_current_snapshot())::text";

    /// <summary>Where a reader begins who wants only what happens from now on. What is being written at this moment is still to come.</summary>
    public async Task<EventCursor> NowAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var rows = await scope.QueryAsync(tenant, [Sql.Statement(Now)], cancellationToken);
        await rows.ReadAsync(cancellationToken);
        return new EventCursor(ulong.Parse(rows.GetString(0), CultureInfo.InvariantCulture), Guid.Empty);
    }

    /// <summary>Up to <paramref name="limit"/> events after the cursor, and the cursor after them.</summary>
    public async Task<EventPage> ReadAsync(TenantId tenant, EventCursor after, int limit, CancellationToken cancellationToken)
    {
        await using var rows = await scope.QueryAsync(
            tenant, [Sql.Statement(After, tenant.Value, after.Transaction.ToString(CultureInfo.InvariantCulture), after.Id, limit)], cancellationToken);
        var events = await rows.ReadAllAsync(Read, cancellationToken);
        return new(events, events.IsEmpty ? after : events[^1].Cursor, events.Length == limit);
    }

    private static EventRow Read(NpgsqlDataReader row) => new(
        new(ulong.Parse(row.GetString(0), CultureInfo.InvariantCulture), row.GetGuid(1)), row.GetString(2), row.Id(3), row.Id(4), row.Id(5),
        row.Text(6) is { } data ? JsonText.Parse(data) : null);
}

/// <summary>Where a reader of events stands. Programs keep its text and give it back.</summary>
public readonly record struct EventCursor(ulong Transaction, Guid Id)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; null when it is anything else.</summary>
    public static EventCursor? Parse(string text) =>
        text.IndexOf('-', StringComparison.Ordinal) is > 0 and var dash
        && ulong.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var transaction)
        && Guid.TryParseExact(text.AsSpan(dash + 1), "N", out var id)
            ? new(transaction, id)
            : null;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Transaction}-{Id:N}");
}

/// <summary>Something that happened.</summary>
public sealed record EventRow(EventCursor Cursor, string Type, Guid? Account, Guid? Conversation, Guid? Message, JsonElement? Data)
{
    /// <summary>When it was written.</summary>
    public DateTimeOffset At => IdSource.TimeOf(Cursor.Id);
}

/// <summary>Events, where to go on, and whether more wait already.</summary>
public sealed record EventPage(ImmutableArray<EventRow> Events, EventCursor Next, bool More);
