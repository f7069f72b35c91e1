using System.Collections.Immutable;
using System.Globalization;
using Channels.Core.Ids;
using Channels.Storage.Idempotency;
using Channels.Storage.Journal;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Queries;

/// <summary>The books: what was acknowledged, and what became of it.</summary>
/// <remarks>
/// Both sides of each account are written in different transactions: acceptances at the door, endings where a webhook, message or reply ends. Read in one
/// snapshot, so that traffic does not unbalance them. Costs by channels (counters, parked among them) and by what waits (inbox, turn, outbox: all by primary key); the
/// transcript is never looked at. What is in the journal and not in the table yet is accepted and waits: asked of this process, before the snapshot.
/// </remarks>
public sealed class LedgerQueries(TenantScope scope, TimeProvider clock, JournalContents? journal = null)
{
    private const string Sums = """
        (select coalesce(sum(accepted), 0)::bigint from acceptance x where {0})
          + (select coalesce(sum(accepted), 0)::bigint from unadded x where {1}),
        k.finished, w.n, w.oldest, (select coalesce(sum(webhooks), 0)::bigint from parked_count x where {0}),
        k.received, k.answered, k.before, (select coalesce(sum(dropped), 0)::bigint from drop_counter x where {0} and x.what = 'message'), t.n, t.oldest,
        k.queued, k.sent, k.failed, o.unknown, o.waiting, o.oldest, k.duplicates
        """;

    private const string Joins = """
        cross join lateral (
          select coalesce(sum(webhooks_finished), 0)::bigint as finished, coalesce(sum(messages_received), 0)::bigint as received,
                 coalesce(sum(messages_answered), 0)::bigint as answered, coalesce(sum(messages_ended_before), 0)::bigint as before,
                 coalesce(sum(replies_queued), 0)::bigint as queued, coalesce(sum(messages_sent), 0)::bigint as sent,
                 coalesce(sum(messages_failed), 0)::bigint as failed, coalesce(sum(duplicates_dropped), 0)::bigint as duplicates
          from channel_counter x where {0}) as k
        cross join lateral (select count(*) as n, min(received_at) as oldest from inbox x where {0}) as w
        cross join lateral (select count(*) as n, min(message_id::text) as oldest from turn x where {0}) as t
        cross join lateral (
          select count(*) filter (where state = 2) as unknown, count(*) filter (where state <> 2) as waiting, min(message_id::text) filter (where state <> 2) as oldest
          from outbox x where {0}) as o
        """;

    private static readonly string _total = string.Format(
        CultureInfo.InvariantCulture, $"with unadded as materialized (select * from acceptances_to_add()) select {Sums} from (select 1) as one {Joins}",
        "x.tenant_id = $1 and ($2::uuid is null or x.account_id = $2)", "($2::uuid is null or x.account_id = $2)");

    // With what was deleted: what it did stays in the books.
    private static readonly string _page = string.Format(
        CultureInfo.InvariantCulture,
        $"""
        with unadded as materialized (select * from acceptances_to_add()),
        page as materialized (
          select id, name, kind, deleted_at from account where tenant_id = $1 and ($2::uuid is null or id = $2) order by id desc limit $3 offset $4)
        select a.id, a.name, a.kind, a.deleted_at, {Sums} from page a {Joins} order by a.id desc
        """,
        "x.tenant_id = $1 and x.account_id = a.id", "x.account_id = a.id");

    private const string Count = """
        select count(*) from account where tenant_id = $1 and ($2::uuid is null or id = $2)
        """;

    private const string AllDrops = """
        select null::uuid, what, reason, sum(dropped)::bigint, max(last_at) from drop_counter
        where tenant_id = $1 and ($2::uuid is null or account_id = $2) group by what, reason order by what, sum(dropped) desc, reason limit 200
        """;

    private const string DropsOf = """
        select account_id, what, reason, dropped, last_at from drop_counter where tenant_id = $1 and account_id = any($2) order by account_id, what, dropped desc, reason
        """;

    /// <summary>A tenant's books, and those of one page of its channels, newest first; or of one channel.</summary>
    public async Task<Ledger> ReadAsync(TenantId tenant, AccountId? account, Page page, CancellationToken cancellationToken)
    {
        var held = journal?.Of(tenant);
        await using var work = await scope.SnapshotAsync(tenant, cancellationToken);
        var total = With(await TotalAsync(work, tenant, account, cancellationToken), held?.Total(account));
        ImmutableArray<ChannelBook> channels;
        await using (var rows = await work.QueryAsync(_page, cancellationToken, tenant.Value, account?.Value, page.Limit, page.Offset))
        {
            channels = await rows.ReadAllAsync(
                row => new ChannelBook(new(row.GetGuid(0)), row.GetString(1), row.GetString(2), row.Moment(3), Read(row, 4, [])), cancellationToken);
        }

        var drops = (await DropsAsync(work, DropsOf, tenant, channels.Select(one => one.Account.Value).ToArray(), cancellationToken)).ToLookup(drop => drop.Account, drop => drop.Drop);
        await using var count = await work.QueryAsync(Count, cancellationToken, tenant.Value, account?.Value);
        await count.ReadAsync(cancellationToken);
        return new(
            clock.GetUtcNow(), total,
            new([.. channels.Select(one => one with { Book = With(one.Book, held?.Total(one.Account)) with { Drops = [.. drops[one.Account.Value]] } })], count.GetInt64(0)));
    }

    /// <summary>A tenant's books alone, for the operator.</summary>
    public async Task<Book> TotalAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var held = journal?.Of(tenant);
        await using var work = await scope.SnapshotAsync(tenant, IdempotencyStore.Operator, cancellationToken);
        return With(await TotalAsync(work, tenant, null, cancellationToken), held?.Total(null));
    }

    private static Book With(Book book, (long Count, DateTimeOffset? Oldest)? held) => held is not ({ } count and > 0, { } oldest) ? book
        : book with
        {
            Webhooks = book.Webhooks with
            {
                Accepted = book.Webhooks.Accepted + count,
                Waiting = book.Webhooks.Waiting + count,
                OldestWaiting = book.Webhooks.OldestWaiting is { } waiting && waiting < oldest ? waiting : oldest,
            },
        };

    private static async Task<Book> TotalAsync(TenantWork work, TenantId tenant, AccountId? account, CancellationToken cancellationToken)
    {
        Book book;
        await using (var row = await work.QueryAsync(_total, cancellationToken, tenant.Value, account?.Value))
        {
            await row.ReadAsync(cancellationToken);
            book = Read(row, 0, []);
        }

        return book with { Drops = [.. (await DropsAsync(work, AllDrops, tenant, account?.Value, cancellationToken)).Select(drop => drop.Drop)] };
    }

    private static async Task<ImmutableArray<(Guid? Account, DropCount Drop)>> DropsAsync(
        TenantWork work, string sql, TenantId tenant, object? of, CancellationToken cancellationToken)
    {
        await using var rows = await work.QueryAsync(sql, cancellationToken, tenant.Value, of);
        return await rows.ReadAllAsync(
            row => (row.Id(0), new DropCount(row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetFieldValue<DateTimeOffset>(4))), cancellationToken);
    }

    private static Book Read(NpgsqlDataReader row, int at, ImmutableArray<DropCount> drops) => new(
        new(row.GetInt64(at), row.GetInt64(at + 1), row.GetInt64(at + 2), row.GetInt64(at + 4), row.Moment(at + 3)),
        new(row.GetInt64(at + 5), row.GetInt64(at + 6), row.GetInt64(at + 8), row.GetInt64(at + 9), row.GetInt64(at + 7), TimeIn(row.Text(at + 10))),
        new(row.GetInt64(at + 11), row.GetInt64(at + 12), row.GetInt64(at + 13), row.GetInt64(at + 14), row.GetInt64(at + 15), TimeIn(row.Text(at + 16))),
        row.GetInt64(at + 17), drops);

    private static DateTimeOffset? TimeIn(string? id) => id is null ? null : IdSource.TimeOf(Guid.Parse(id, CultureInfo.InvariantCulture));
}

/// <summary>A tenant's books at one moment.</summary>
public sealed record Ledger(DateTimeOffset At, Book Total, Paged<ChannelBook> Channels);

/// <summary>One channel's.</summary>
public sealed record ChannelBook(AccountId Account, string Name, string Kind, DateTimeOffset? DeletedAt, Book Book);

/// <summary>What came in, and what became of it.</summary>
/// <param name="Webhooks">What was acknowledged.</param>
/// <param name="Messages">What contacts wrote.</param>
/// <param name="Replies">What was to be sent.</param>
/// <param name="Duplicates">Messages that were here already.</param>
/// <param name="Drops">What has no row of its own, and messages that were not answered, by reason.</param>
public sealed record Book(WebhookBook Webhooks, MessageBook Messages, ReplyBook Replies, long Duplicates, ImmutableArray<DropCount> Drops);

/// <summary>accepted = finished + waiting + parked; <see cref="Difference"/> is what that leaves.</summary>
public sealed record WebhookBook(long Accepted, long Finished, long Waiting, long Parked, DateTimeOffset? OldestWaiting)
{
    /// <summary>Acknowledged and nowhere, when more than 0.</summary>
    public long Difference => Accepted - Finished - Waiting - Parked;
}

/// <summary>received = answered + not answered + in progress + ended before this was counted.</summary>
public sealed record MessageBook(long Received, long Answered, long NotAnswered, long InProgress, long EndedBefore, DateTimeOffset? OldestInProgress)
{
    /// <summary>Recorded, and neither ended nor waiting, when more than 0.</summary>
    public long Difference => Received - Answered - NotAnswered - InProgress - EndedBefore;
}

/// <summary>queued = sent + failed + unknown + waiting.</summary>
public sealed record ReplyBook(long Queued, long Sent, long Failed, long Unknown, long Waiting, DateTimeOffset? OldestWaiting)
{
    /// <summary>Queued, and neither settled nor waiting, when more than 0.</summary>
    public long Difference => Queued - Sent - Failed - Unknown - Waiting;
}

/// <summary>How many were dropped for one reason.</summary>
/// <param name="What"><c>event</c>: it has no row. <c>message</c>: it has one, and was not answered.</param>
/// <param name="Reason">Why.</param>
/// <param name="Count">How many.</param>
/// <param name="LastAt">When last.</param>
public sealed record DropCount(string What, string Reason, long Count, DateTimeOffset LastAt);
