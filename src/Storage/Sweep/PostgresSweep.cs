using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Outbox;
using Channels.Core.Sweep;
using Channels.Storage.Database;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Sweep;

/// <summary>Looks for waiting work once a second at the most and deals it out by partition.</summary>
/// <remarks>
/// Each query hops from one account to the next through the primary key, so it costs by accounts with work, not by rows waiting.
/// Work younger than the grace is left alone: its hint is most likely on its way. Not what is older than this process, which a former one left. A turn whose service may still answer is left alone as well,
/// and with it whatever waits behind it in its conversation; so is one that waits for its file, until that is here, given up, or the wait is over.
/// </remarks>
internal sealed class PostgresSweep(ChannelsDatabase database, FurthestLooks furthest, TimeProvider clock) : ISweep, IDisposable
{
    private const int Most = 5_000;

    /// <summary>Of one tenant in one look.</summary>
    private const int Share = 1_000;

    /// <summary>Partitions ask every other second: one that has not seen a look gets that one while it is no older.</summary>
    private static readonly TimeSpan Shared = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>For so long after the start accounts are woken whose replies of unknown outcome a former process was about to look up.</summary>
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RecentlyUnknown = TimeSpan.FromHours(1);

    /// <summary>
    /// A look-up that was not made so long after its time is made by nobody: who waited for it has been collected for want of work, or is gone with its silo. Longer than an attempt
    /// takes, after which the times are counted.
    /// </summary>
    private static readonly TimeSpan LookUpOverdue = TimeSpan.FromSeconds(90);

    /// <summary>For so long an overdue look-up wakes its account. No longer: kinds whose provider cannot be asked never make it.</summary>
    private static readonly TimeSpan LookUpMissed = TimeSpan.FromSeconds(20);

    // What belongs to a deleted channel or a suspended tenant is left where it is: nobody may work on it, and it must not take the place of what can be done.
    // Each "offset 0" is a fence: asked row by row, these leave the rows in the order of the hops, which is what a look goes on behind. As joins they need not.
    private const string Served = """
        exists (select from account a join tenant t on t.id = a.tenant_id
                where a.tenant_id = hop.tenant_id and a.id = hop.account_id and a.deleted_at is null and t.suspended_at is null offset 0)
        """;

    private const string Inboxes = """
        with recursive hop as (
          (select tenant_id, account_id, id from inbox where (tenant_id, account_id) > ($1, $2) order by tenant_id, account_id, id limit 1)
          union all
          select n.* from hop, lateral (
            select tenant_id, account_id, id from inbox where (tenant_id, account_id) > (hop.tenant_id, hop.account_id) order by tenant_id, account_id, id limit 1) as n)
        select tenant_id, account_id, id from hop limit $3
        """;

    // Each tenant has its share of a look, and goes on behind it in the next: see TenantPages.
    private const string Turns = $"""
        with recursive owner as (
          (select tenant_id from turn where tenant_id > $6 order by tenant_id limit 1)
          union all
          select n.* from owner, lateral (select tenant_id from turn where tenant_id > owner.tenant_id order by tenant_id limit 1) as n)
        select w.* from owner
        left join lateral (
          select b.account_id, b.conversation_id from unnest($8::uuid[], $9::uuid[], $10::uuid[]) as b (tenant_id, account_id, conversation_id)
          where b.tenant_id = owner.tenant_id limit 1) as behind on true
        cross join lateral (
          with recursive hop as (
            (select tenant_id, account_id from turn where tenant_id = owner.tenant_id and account_id >= coalesce(behind.account_id, $11::uuid)
             order by tenant_id, account_id limit 1)
            union all
            select n.* from hop, lateral (
              select tenant_id, account_id from turn where tenant_id = hop.tenant_id and account_id > hop.account_id order by tenant_id, account_id limit 1) as n)
          select served.tenant_id, served.account_id, c.conversation_id
          from (select * from hop where {Served} offset 0) as served
          cross join lateral (
            with recursive step as (
              (select conversation_id, message_id, answer_by from turn where tenant_id = served.tenant_id and account_id = served.account_id
                 and conversation_id > case when served.account_id = behind.account_id then behind.conversation_id else $11::uuid end
               order by conversation_id, message_id limit 1)
              union all
              select n.* from step, lateral (
                select conversation_id, message_id, answer_by from turn
                where tenant_id = served.tenant_id and account_id = served.account_id and conversation_id > step.conversation_id
                order by conversation_id, message_id limit 1) as n)
            select conversation_id, message_id, answer_by from step) as c
          where (c.message_id < $1 or c.message_id > $4) and (c.answer_by is null or c.answer_by <= $3 or c.answer_by > $12)
            and not exists (select from media_fetch f
                            where f.tenant_id = served.tenant_id and f.account_id = served.account_id and f.message_id = c.message_id
                              and f.turn_waits_until > $3 and f.turn_waits_until < $5 offset 0)
          limit $7) as w
        limit $2
        """;

    private const string Outboxes = $"""
        with recursive owner as (
          (select tenant_id from outbox where tenant_id > $5 and unknown_since is null order by tenant_id limit 1)
          union all
          select n.* from owner, lateral (select tenant_id from outbox where tenant_id > owner.tenant_id and unknown_since is null order by tenant_id limit 1) as n)
        select w.* from owner
        left join lateral (
          select b.account_id from unnest($7::uuid[], $8::uuid[]) as b (tenant_id, account_id) where b.tenant_id = owner.tenant_id limit 1) as behind on true
        cross join lateral (
          with recursive hop as (
            (select tenant_id, account_id from outbox where tenant_id = owner.tenant_id and account_id > coalesce(behind.account_id, $9::uuid) and unknown_since is null
             order by tenant_id, account_id, message_id limit 1)
            union all
            select n.* from hop, lateral (
              select tenant_id, account_id from outbox where tenant_id = hop.tenant_id and account_id > hop.account_id and unknown_since is null
              order by tenant_id, account_id, message_id limit 1) as n)
          select tenant_id, account_id from hop
          where exists (select from outbox o where o.tenant_id = hop.tenant_id and o.account_id = hop.account_id and o.unknown_since is null
                          and (o.state = 0 and (o.next_attempt_at < $1 or o.next_attempt_at > $3 and (o.attempts = 0 or o.next_attempt_at > $4))
                               or o.state = 1 and (o.sending_since < $1 or o.sending_since > $3)) offset 0)
            and {Served}
          limit $6) as w
        limit $2
        """;

    // Replies of unknown outcome stay until somebody settles them, and most have been there for long: only those are read that were sent within a span that somebody may still look up.
    private const string LookUps = $"""
        select distinct hop.tenant_id, hop.account_id
        from unnest($1::timestamptz[], $2::timestamptz[], $3::timestamptz[]) as due (after, until, looked_up_before)
        cross join lateral (
          select o.tenant_id, o.account_id from outbox o
          where o.unknown_since > due.after and o.unknown_since <= due.until and (o.looked_up_at is null or o.looked_up_at < due.looked_up_before) offset 0) as hop
        where {Served}
        """;

    private const string Echoes = "select distinct account_id from held_echo";

    private const string ServedSessions = """
        select s.due_at, s.account_id from session s
        join account a on a.tenant_id = s.tenant_id and a.id = s.account_id and a.deleted_at is null
        join tenant t on t.id = s.tenant_id and t.suspended_at is null
        """;

    // Those that wait for a place at a gateway stay due: the next look goes on behind them.
    // Two selects, here and below: one with "or" would walk through all that is dated in between.
    private const string Sessions = $"""
        ({ServedSessions} where s.due_at <= $1 and (s.due_at, s.account_id) > ($2, $3) order by s.due_at, s.account_id limit $4)
        union all
        ({ServedSessions} where s.due_at > $5 and (s.due_at, s.account_id) > ($2, $3) order by s.due_at, s.account_id limit $4)
        order by due_at, account_id limit $4
        """;

    private const string ServedIntakes = """
        select i.due_at, i.account_id from intake i
        join account a on a.tenant_id = i.tenant_id and a.id = i.account_id and a.deleted_at is null and a.status <> 'inactive'
        join tenant t on t.id = i.tenant_id and t.suspended_at is null
        """;

    private const string Intakes = $"""
        ({ServedIntakes} where i.due_at <= $1 and (i.due_at, i.account_id) > ($2, $3) order by i.due_at, i.account_id limit $4)
        union all
        ({ServedIntakes} where i.due_at > $5 and (i.due_at, i.account_id) > ($2, $3) order by i.due_at, i.account_id limit $4)
        order by due_at, account_id limit $4
        """;

    // By accounts, not by files: thousands of one account, whose media server hangs, must not take every place of a look. Nor are they read: whether one is due is asked of an index by
    // account and time, and "is not distinct from" keeps the key from offering itself instead.
    private const string Files = $"""
        with recursive owner as (
          (select tenant_id from media_fetch where tenant_id > $4 order by tenant_id limit 1)
          union all
          select n.* from owner, lateral (select tenant_id from media_fetch where tenant_id > owner.tenant_id order by tenant_id limit 1) as n)
        select w.* from owner
        left join lateral (
          select b.account_id from unnest($6::uuid[], $7::uuid[]) as b (tenant_id, account_id) where b.tenant_id = owner.tenant_id limit 1) as behind on true
        cross join lateral (
          with recursive hop as (
            (select tenant_id, account_id from media_fetch where tenant_id = owner.tenant_id and account_id > coalesce(behind.account_id, $8::uuid)
             order by tenant_id, account_id, message_id limit 1)
            union all
            select n.* from hop, lateral (
              select tenant_id, account_id from media_fetch where tenant_id = hop.tenant_id and account_id > hop.account_id
              order by tenant_id, account_id, message_id limit 1) as n)
          select tenant_id, account_id from hop
          where (exists (select from media_fetch f where uuid_send(f.account_id) = uuid_send(hop.account_id) and f.next_attempt_at <= $1
                           and f.tenant_id is not distinct from hop.tenant_id offset 0)
                 or exists (select from media_fetch f where uuid_send(f.account_id) = uuid_send(hop.account_id) and f.next_attempt_at > $3
                              and f.tenant_id is not distinct from hop.tenant_id offset 0))
            and {Served}
          limit $5) as w
        limit $2
        """;

    /// <summary>At the start nobody polls yet, whatever the rows say: their former pollers are gone.</summary>
    private static readonly TimeSpan LongestLease = TimeSpan.FromMinutes(3);

    /// <summary>Longer than any agent waits for a file: a wait that ends later was written before the clock was set back.</summary>
    private static readonly TimeSpan LongestFileWait = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _one = new(1, 1);
    private ILookup<int, AccountId> _inboxes = Array.Empty<AccountId>().ToLookup(Partitions.Of);
    private ILookup<int, ConversationRef> _turns = Array.Empty<ConversationRef>().ToLookup(turn => Partitions.Of(turn.Account));
    private ILookup<int, (TenantId, AccountId Account)> _outboxes = Array.Empty<(TenantId, AccountId Account)>().ToLookup(row => Partitions.Of(row.Account));
    private ILookup<int, AccountId> _echoes = Array.Empty<AccountId>().ToLookup(Partitions.Of);
    private ILookup<int, AccountId> _sessions = Array.Empty<AccountId>().ToLookup(Partitions.Of);
    private ILookup<int, AccountId> _files = Array.Empty<AccountId>().ToLookup(Partitions.Of);
    private ILookup<int, AccountId> _intakes = Array.Empty<AccountId>().ToLookup(Partitions.Of);
    private readonly TenantPages _turnPages = new(Share, Most);
    private readonly TenantPages _outboxPages = new(Share, Most);
    private readonly TenantPages _filePages = new(Share, Most);
    private readonly HashSet<int> _seenBy = [];
    private (Guid Tenant, Guid Account) _from;
    private (DateTimeOffset Due, Guid Account) _intakesFrom;
    private (DateTimeOffset Due, Guid Account) _dueFrom;
    private readonly long _born = clock.GetTimestamp();
    private readonly DateTimeOffset _bornAt = clock.GetUtcNow();
    private long _lookedAt;
    private long? _firstLook;

    /// <inheritdoc/>
    public async Task<WaitingWork> FindAsync(int partition, int partitions, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            // Each look is a page: a partition that asked between two others' looks must not see every other page only.
            if (_lookedAt == 0 || clock.GetElapsedTime(_lookedAt) > (_seenBy.Contains(partition) ? TimeSpan.FromSeconds(1) : Shared))
            {
                await StoreFaults.GuardAsync(async () =>
                {
                    await LookAsync(cancellationToken);
                    return 0;
                });
                _lookedAt = clock.GetTimestamp();
                _seenBy.Clear();
            }

            _seenBy.Add(partition);
        }
        finally
        {
            _one.Release();
        }

        return new WaitingWork([.. _inboxes[partition]], [.. _turns[partition]], [.. _outboxes[partition]], [.. _echoes[partition]], [.. _sessions[partition]],
            [.. _intakes[partition]], [.. _files[partition]]);
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        // What is dated later than now was written before the clock was set back. Nobody shall wait until that time comes again.
        var now = clock.GetUtcNow();
        var (before, after) = (clock.GetElapsedTime(_born) < Grace ? _bornAt : now - Grace, now + Grace);
        var inboxes = await ReadAsync(Inboxes, reader => (Tenant: reader.GetGuid(0), Account: reader.GetGuid(1)), cancellationToken, _from.Tenant, _from.Account, Most);

        // A full page means that there may be more: the next look goes on behind it. Otherwise it begins anew.
        _from = inboxes.Count == Most ? inboxes[^1] : default;
        _inboxes = inboxes.Select(row => new AccountId(row.Account)).ToLookup(Partitions.Of);
        var turns = await ReadAsync(
            Turns, reader => (Tenant: reader.GetGuid(0), Account: reader.GetGuid(1), Conversation: reader.GetGuid(2)), cancellationToken,
            IdSource.Floor(before), Most, now, IdSource.Floor(after), now + LongestFileWait, _turnPages.From, Share, _turnPages.Tenants, _turnPages.Accounts, _turnPages.Conversations,
            Guid.Empty, now + PendingTurn.FurthestAnswer);
        _turnPages.Turn(turns);
        _turns = turns.Select(row => new ConversationRef(new(row.Tenant), new(row.Account), new(row.Conversation))).ToLookup(turn => Partitions.Of(turn.Account));
        var outboxes = await ReadAsync(
            Outboxes, reader => (Tenant: reader.GetGuid(0), Account: reader.GetGuid(1), Conversation: Guid.Empty), cancellationToken, before, Most, after,
            now + OutboxRow.FurthestAttempt, _outboxPages.From, Share, _outboxPages.Tenants, _outboxPages.Accounts, Guid.Empty);
        _outboxPages.Turn(outboxes);
        var lookUps = await LookUpsAsync(now, cancellationToken);
        _outboxes = outboxes.Select(row => (row.Tenant, row.Account)).Union(lookUps).Select(row => (new TenantId(row.Tenant), Account: new AccountId(row.Account)))
            .ToLookup(row => Partitions.Of(row.Account));
        var echoes = await ReadAsync(Echoes, reader => new AccountId(reader.GetGuid(0)), cancellationToken);
        _echoes = echoes.ToLookup(Partitions.Of);
        var sessions = await ReadAsync(
            Sessions, reader => (Due: reader.GetFieldValue<DateTimeOffset>(0), Account: reader.GetGuid(1)), cancellationToken, now, _dueFrom.Due,
            _dueFrom.Account, Most, now + furthest.Session);
        _dueFrom = sessions.Count == Most ? sessions[^1] : default;
        _sessions = sessions.Select(row => new AccountId(row.Account)).ToLookup(Partitions.Of);
        var intakes = await ReadAsync(
            Intakes, reader => (Due: reader.GetFieldValue<DateTimeOffset>(0), Account: reader.GetGuid(1)), cancellationToken, IsStarting() ? now + LongestLease : now,
            _intakesFrom.Due, _intakesFrom.Account, Most, now + furthest.Intake);
        _intakesFrom = intakes.Count == Most ? intakes[^1] : default;
        _intakes = intakes.Select(row => new AccountId(row.Account)).ToLookup(Partitions.Of);
        var files = await ReadAsync(
            Files, reader => (Tenant: reader.GetGuid(0), Account: reader.GetGuid(1), Conversation: Guid.Empty), cancellationToken, before, Most, now + MediaFetch.FurthestAttempt,
            _filePages.From, Share, _filePages.Tenants, _filePages.Accounts, Guid.Empty);
        _filePages.Turn(files);
        _files = files.Select(row => new AccountId(row.Account)).ToLookup(Partitions.Of);
    }

    // Spans of times at which a reply became unknown, and before when it must have been looked up last. At the start all of late, whoever looked: a former process may have been about to.
    private async Task<List<(Guid Tenant, Guid Account)>> LookUpsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<(DateTimeOffset After, DateTimeOffset Until, DateTimeOffset LookedUpBefore)> spans =
            [.. LookUpsMissed(now - LookUpMissed).Zip(LookUpsMissed(now), (after, until) => (after, until, now - LookUpOverdue - LookUpMissed))];
        if (IsStarting())
        {
            spans.Add((now - RecentlyUnknown, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue));
        }

        return await ReadAsync(
            LookUps, reader => (reader.GetGuid(0), reader.GetGuid(1)), cancellationToken, spans.Select(span => span.After).ToArray(), spans.Select(span => span.Until).ToArray(),
            spans.Select(span => span.LookedUpBefore).ToArray());
    }

    // When the attempts began whose look-ups are overdue at that moment. The first one's time is too soon after the attempt for that to be told.
    private static DateTimeOffset[] LookUpsMissed(DateTimeOffset at) => [.. OutboxRow.LookUpsAfter.Skip(1).Select(after => at - after - LookUpOverdue)];

    private bool IsStarting()
    {
        _firstLook ??= clock.GetTimestamp();
        return clock.GetElapsedTime(_firstLook.Value) < Start;
    }

    private async Task<List<TRow>> ReadAsync<TRow>(string sql, Func<NpgsqlDataReader, TRow> read, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = database.Pipeline.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(value is DateTimeOffset time ? new NpgsqlParameter { Value = time, NpgsqlDbType = NpgsqlDbType.TimestampTz } : new NpgsqlParameter { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<TRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
