using Channels.Core.Ids;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Maintenance;

/// <summary>Deletes rows past their keep where no partition can be dropped, in slices that nobody waits for.</summary>
internal sealed class RowTrimming(NpgsqlDataSource database)
{
    /// <summary>Rows of one statement.</summary>
    private const int Slice = 10_000;

    /// <summary>Pages of one statement, 16 MB.</summary>
    private const int Pages = 2_000;

    private const string Replies = """
        with past as (
          select o.tenant_id, o.account_id, o.message_id from outbox o join account a on a.tenant_id = o.tenant_id and a.id = o.account_id where a.deleted_at < $1 limit $2),
        gone as (
          delete from outbox o using past p where o.tenant_id = p.tenant_id and o.account_id = p.account_id and o.message_id = p.message_id
          returning o.tenant_id, o.account_id, o.message_id, o.state),
        told as (
          update transcript t
          set status = case g.state when 0 then 'failed' else 'unknown' end, status_at = $3,
              reason = case g.state when 0 then 'channel-deleted: The channel was deleted before this was sent.'
                                    else 'channel-deleted: The channel was deleted before it was known whether this was sent.' end
          from gone g where t.tenant_id = g.tenant_id and t.account_id = g.account_id and t.id = g.message_id and status_rank(t.status) < status_rank('sent')),
        counted as (
          insert into channel_counter as c (tenant_id, account_id, messages_failed)
          select tenant_id, account_id, count(*) from gone group by tenant_id, account_id
          on conflict (tenant_id, account_id) do update set messages_failed = c.messages_failed + excluded.messages_failed)
        select count(*) from gone
        """;

    // The message's status stays what it is: nobody ever learned more.
    private const string Unknowns = """
        with gone as (
          delete from outbox where ctid in (select ctid from outbox where state = 2 and message_id < $1 limit $2) and state = 2
          returning tenant_id, account_id, message_id),
        told as (
          update transcript t set reason = 'given-up: Nobody could say whether this was sent, and it is past its keep.'
          from gone g where t.tenant_id = g.tenant_id and t.account_id = g.account_id and t.id = g.message_id),
        counted as (
          insert into channel_counter as c (tenant_id, account_id, messages_failed)
          select tenant_id, account_id, count(*) from gone group by tenant_id, account_id
          on conflict (tenant_id, account_id) do update set messages_failed = c.messages_failed + excluded.messages_failed)
        select count(*) from gone
        """;

    private const string Turns = """
        with past as (
          select t.tenant_id, t.account_id, t.conversation_id, t.message_id from turn t join account a on a.tenant_id = t.tenant_id and a.id = t.account_id
          where a.deleted_at < $1 limit $2),
        gone as (
          delete from turn t using past p
          where t.tenant_id = p.tenant_id and t.account_id = p.account_id and t.conversation_id = p.conversation_id and t.message_id = p.message_id
          returning t.tenant_id, t.account_id, t.message_id),
        told as (
          update transcript t set reason = 'channel-deleted: The channel was deleted before this was answered.'
          from gone g where t.tenant_id = g.tenant_id and t.account_id = g.account_id and t.id = g.message_id and t.reason is null),
        counted as (
          insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
          select tenant_id, account_id, 'message', drop_reason('channel-deleted'), count(*), now() from gone group by tenant_id, account_id
          on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at)
        select count(*) from gone
        """;

    private const string Echoes = """
        with gone as (
          delete from held_echo where ctid in (
            select h.ctid from held_echo h join account a on a.tenant_id = h.tenant_id and a.id = h.account_id where a.deleted_at < $1 limit $2) returning 1)
        select count(*) from gone
        """;

    private const string Files = """
        with gone as (
          delete from media_fetch where ctid in (
            select f.ctid from media_fetch f join account a on a.tenant_id = f.tenant_id and a.id = f.account_id where a.deleted_at < $1 limit $2) returning 1)
        select count(*) from gone
        """;

    // Names of people go with their messages.
    private const string Conversations = """
        with past as (
          select c.tenant_id, c.account_id, c.id from account a join conversation c on c.account_id = a.id and c.tenant_id = a.tenant_id
          where a.deleted_at < $1 and not exists (select from transcript t where t.conversation_id = c.id and t.tenant_id = c.tenant_id) limit $2),
        aliases as (
          delete from conversation_alias n using past p where n.conversation_id = p.id and n.tenant_id = p.tenant_id and n.account_id = p.account_id),
        gone as (
          delete from conversation c using past p where c.tenant_id = p.tenant_id and c.id = p.id returning 1)
        select count(*) from gone
        """;

    // Counted like everything that is dropped.
    private const string Receipts = """
        with gone as (
          delete from early_receipt where ctid in (select ctid from early_receipt where at < $1 limit $2) returning account_id),
        counted as (
          insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
          select a.tenant_id, a.id, 'event', 'a receipt whose message never came', count(*), now()
          from gone join account a on a.id = gone.account_id group by a.tenant_id, a.id
          on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at)
        select count(*) from gone
        """;

    private const string Changes = """
        with gone as (
          delete from early_change where ctid in (select ctid from early_change where at < $1 limit $2) returning tenant_id, account_id),
        counted as (
          insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
          select tenant_id, account_id, 'event', 'an edit or deletion whose message never came', count(*), now()
          from gone group by tenant_id, account_id
          on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at)
        select count(*) from gone
        """;

    private const string Answers = """
        with gone as (delete from idempotency_key where ctid in (select ctid from idempotency_key where created_at < $1 limit $2) returning 1) select count(*) from gone
        """;

    private const string LateTurns = """
        with gone as (delete from late_turn where ctid in (select ctid from late_turn where turn_id < $1 limit $2) returning 1) select count(*) from gone
        """;

    private const string Replays = """
        with gone as (delete from replay where ctid in (select ctid from replay where ended_at < $1 limit $2) returning 1) select count(*) from gone
        """;

    private const string Children = "select inhrelid::regclass::text from pg_inherits where inhparent = $1::text::regclass order by 1";

    /// <summary>Replies that can never leave because their channel was deleted before a moment. Their messages say so, and the ledger counts them as failed.</summary>
    public Task<long> RepliesOfDeletedChannelsAsync(DateTimeOffset before, DateTimeOffset now, CancellationToken cancellationToken) => SliceAsync(Replies, before, cancellationToken, now);

    /// <summary>Replies of unknown outcome whose message is past its keep: whoever wanted to look into the chat has had the time. The ledger counts them as failed.</summary>
    public Task<long> UnknownRepliesAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Unknowns, IdSource.Floor(before), cancellationToken);

    /// <summary>Turns that nobody will answer because their channel was deleted before a moment. Their messages say so.</summary>
    public Task<long> TurnsOfDeletedChannelsAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Turns, before, cancellationToken);

    /// <summary>Echoes held for channels that were deleted before a moment.</summary>
    public Task<long> EchoesOfDeletedChannelsAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Echoes, before, cancellationToken);

    /// <summary>Files still to be fetched for channels that were deleted before a moment.</summary>
    public Task<long> FilesOfDeletedChannelsAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Files, before, cancellationToken);

    /// <summary>Conversations, with the names and numbers in them, of channels that were deleted before a moment and of which no message is left.</summary>
    public Task<long> ConversationsOfDeletedChannelsAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Conversations, before, cancellationToken);

    /// <summary>Receipts whose message never came.</summary>
    public Task<long> EarlyReceiptsAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Receipts, before, cancellationToken);

    /// <summary>Edits and deletions whose message never came.</summary>
    public Task<long> EarlyChangesAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Changes, before, cancellationToken);

    /// <summary>Answers kept for requests that are repeated.</summary>
    public Task<long> IdempotencyKeysAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Answers, before, cancellationToken);

    /// <summary>How turns ended that could be answered later.</summary>
    public Task<long> LateTurnsAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(LateTurns, IdSource.Floor(before), cancellationToken);

    /// <summary>Replays that have ended. One that runs stays, whatever its age.</summary>
    public Task<long> ReplaysAsync(DateTimeOffset before, CancellationToken cancellationToken) => SliceAsync(Replays, before, cancellationToken);

    /// <summary>How accounts stood in former times. How each stands now, and since when, is in its own row.</summary>
    public Task<long> StatusHistoryAsync(DateTimeOffset before, CancellationToken cancellationToken) => WalkAsync(
        "account_status_history", "delete from account_status_history where ctid >= $1::text::tid and ctid < $2::text::tid and id < $3", before, cancellationToken);

    /// <summary>The keys that hold duplicates off.</summary>
    /// <remarks>Walked page by page: an index by age would have to be written with every message, for the sake of one look a day.</remarks>
    public async Task<long> DuplicateKeysAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var gone = 0L;
        foreach (var table in await ChildrenAsync("message_key", cancellationToken))
        {
            gone += await WalkAsync(table, $"delete from {table} where ctid >= $1::text::tid and ctid < $2::text::tid and message_id < $3", before, cancellationToken);
        }

        return gone;
    }

    /// <summary>Messages in a partition that cannot be dropped, but for those that something unfinished needs.</summary>
    public Task<long> MessagesAsync(string partition, DateTimeOffset before, CancellationToken cancellationToken) => WalkAsync(
        partition,
        $"""
        delete from {partition} m
        where m.ctid >= $1::text::tid and m.ctid < $2::text::tid and m.id < $3
          and not exists (select from turn t where t.tenant_id = m.tenant_id and t.account_id = m.account_id and t.conversation_id = m.conversation_id and t.message_id = m.id)
          and not exists (select from outbox o where o.tenant_id = m.tenant_id and o.account_id = m.account_id and o.message_id = m.id)
          and not exists (select from held_echo h where h.tenant_id = m.tenant_id and h.account_id = m.account_id and h.message_id = m.id)
        """,
        before,
        cancellationToken);

    /// <summary>Events in a partition that cannot be dropped. Readers who have not seen them are told.</summary>
    public Task<long> EventsAsync(string partition, DateTimeOffset before, CancellationToken cancellationToken) =>
        CountedWalkAsync(partition, EventTrims.OfRows(partition), before, cancellationToken);

    private async Task<long> SliceAsync(string sql, object edge, CancellationToken cancellationToken, DateTimeOffset? now = null)
    {
        long gone, all = 0;
        do
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter { Value = edge });
            command.Parameters.Add(new NpgsqlParameter { Value = Slice });
            if (now is not null)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = now });
            }

            gone = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
            all += gone;
        }
        while (gone == Slice);
        return all;
    }

    private Task<long> WalkAsync(string table, string delete, DateTimeOffset before, CancellationToken cancellationToken) =>
        CountedWalkAsync(table, $"with gone as ({delete} returning 1) select count(*) from gone", before, cancellationToken);

    // What is written meanwhile is behind the last page, or too young.
    private async Task<long> CountedWalkAsync(string table, string sql, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var size = database.CreateCommand("select pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint");
        size.Parameters.Add(new NpgsqlParameter { Value = table });
        var pages = (long)(await size.ExecuteScalarAsync(cancellationToken))!;
        var gone = 0L;
        for (var page = 0L; page < pages; page += Pages)
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter { Value = $"({page},0)", NpgsqlDbType = NpgsqlDbType.Text });
            command.Parameters.Add(new NpgsqlParameter { Value = $"({page + Pages},0)", NpgsqlDbType = NpgsqlDbType.Text });
            command.Parameters.Add(new NpgsqlParameter { Value = IdSource.Floor(before) });
            gone += (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }

        return gone;
    }

    private async Task<List<string>> ChildrenAsync(string table, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Children);
        command.Parameters.Add(new NpgsqlParameter { Value = table });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var children = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            children.Add(reader.GetString(0));
        }

        return children;
    }
}
