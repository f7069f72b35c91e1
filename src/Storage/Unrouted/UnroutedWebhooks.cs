using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Unrouted;

/// <summary>What was acknowledged and belongs to no channel: kept until its channel exists, a person throws it away, or its time is over (<see cref="UnroutedTrimming"/>).</summary>
/// <remarks>
/// Reads and writes as the owner of the tables: it is the operator's, and may hold anybody's words, so no tenant's role has any right to it.
/// A row goes in the statement that puts it into inboxes: it is either here or there, never both, never neither.
/// </remarks>
public sealed class UnroutedWebhooks(NpgsqlDataSource db, IInboxHint hint, IdSource ids) : IUnroutedWebhooks
{
    private const string Append = """
        insert into unrouted_webhook as u (kind, id, setting, name, reason, received_at, proof, body) values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (kind, id) do update set repeated_at = excluded.received_at, reason = excluded.reason
        """;

    private const string Groups = """
        select kind, setting, name, (array_agg(reason order by received_at desc))[1], count(*), sum(octet_length(body)), min(received_at), max(coalesce(repeated_at, received_at))
        from unrouted_webhook group by kind, setting, name order by min(received_at), kind, name limit $1 offset $2
        """;

    private const string CountGroups = """
        select count(*) from (select from unrouted_webhook group by kind, setting, name) as g
        """;

    private const string Dropped = """
        select kind, setting, name, why, dropped, bytes, first_received_at, last_received_at, last_at from unrouted_dropped order by last_at desc, kind, setting, name, why limit $1
        """;

    private const string Oldest = """
        select kind, id, setting, name, reason, received_at, proof, body from unrouted_webhook
        where ($1::text is null or kind = $1) and ($2::text is null or name = $2) and (received_at, id) > ($3, $4)
        order by received_at, id limit $5
        """;

    // Counted as accepted for the channels only now: until here it was nobody's, and no book had it.
    private const string Route = """
        with gone as (
          delete from unrouted_webhook where kind = $1 and id = $2 returning received_at, body),
        owners as materialized (
          select * from unnest($3::uuid[], $4::uuid[], $5::uuid[]) as o (tenant_id, account_id, fresh) where exists (select from gone)),
        counted as (
          insert into acceptance as t (tenant_id, account_id, accepted) select tenant_id, account_id, 1 from owners
          on conflict (tenant_id, account_id) do update set accepted = t.accepted + excluded.accepted)
        insert into inbox (tenant_id, account_id, id, received_at, path, body)
        select o.tenant_id, o.account_id, o.fresh, gone.received_at, '', gone.body from owners o cross join gone
        """;

    private const string StillNobodys = """
        update unrouted_webhook set reason = $3 where kind = $1 and id = $2
        """;

    private const string Discard = """
        delete from unrouted_webhook where kind = $1 and name = $2
        """;

    /// <summary>A webhook that is kept here has its answer by then as well.</summary>
    internal TimeSpan AnswerWithin { get; init; } = PostgresInbox.AnswerWithin;

    /// <inheritdoc/>
    public Task AppendAsync(UnroutedWebhook webhook, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(() => InsertAsync(webhook, cancellationToken).WaitAsync(AnswerWithin, cancellationToken));

    /// <summary>What is kept, by what it names, the longest kept first.</summary>
    public Task<Paged<UnroutedGroup>> ListAsync(Page page, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var connection = await db.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Sql.Statement(Groups, page.Limit, page.Offset), Sql.Statement(CountGroups) } };
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadPageAsync(
            row => new UnroutedGroup(
                row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetInt64(5), row.GetFieldValue<DateTimeOffset>(6), row.GetFieldValue<DateTimeOffset>(7)),
            cancellationToken);
    });

    /// <summary>What was thrown away unasked, by what it named, the latest first.</summary>
    public Task<ImmutableArray<UnroutedLoss>> LossesAsync(int limit, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = db.CreateCommand(Dropped);
        Sql.Add(command.Parameters, limit);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAllAsync(
            row => new UnroutedLoss(
                row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetInt64(5), row.GetFieldValue<DateTimeOffset>(6),
                row.GetFieldValue<DateTimeOffset>(7), row.GetFieldValue<DateTimeOffset>(8)),
            cancellationToken);
    });

    /// <summary>The oldest behind another, at most <paramref name="limit"/>, of one kind and one name or of all.</summary>
    public Task<ImmutableArray<UnroutedRow>> ReadAsync(string? kind, string? name, UnroutedRow? after, int limit, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = db.CreateCommand(Oldest);
        Sql.Add(command.Parameters, kind, name, after?.Webhook.ReceivedAt ?? DateTimeOffset.MinValue, after?.Id ?? Guid.Empty, limit);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAllAsync(
            row => new UnroutedRow(row.GetGuid(1), new UnroutedWebhook(
                row.GetString(0), new WebhookAccount(row.GetString(2), row.GetString(3)), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5), row.GetString(6), row.GetFieldValue<byte[]>(7))),
            cancellationToken);
    });

    /// <summary>Puts one into its owners' inboxes, behind what waits there. False when somebody else did.</summary>
    public async Task<bool> RouteAsync(UnroutedRow row, IReadOnlyList<(TenantId Tenant, AccountId Account)> owners, CancellationToken cancellationToken)
    {
        var moved = await StoreFaults.GuardAsync(async () =>
        {
            await using var command = db.CreateCommand(Route);
            Sql.Add(
                command.Parameters, row.Webhook.Kind, row.Id, owners.Select(owner => owner.Tenant.Value).ToArray(), owners.Select(owner => owner.Account.Value).ToArray(),
                owners.Select(_ => ids.Next()).ToArray());
            return await command.ExecuteNonQueryAsync(cancellationToken);
        });
        foreach (var (_, account) in moved > 0 ? owners : [])
        {
            hint.PutBack(account);
        }

        return moved > 0;
    }

    /// <summary>Records why one is nobody's still.</summary>
    public Task KeepAsync(UnroutedRow row, string reason, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = db.CreateCommand(StillNobodys);
        Sql.Add(command.Parameters, row.Webhook.Kind, row.Id, reason);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    /// <summary>Throws away what names this; how many there were.</summary>
    public Task<int> DiscardAsync(string kind, string name, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = db.CreateCommand(Discard);
        Sql.Add(command.Parameters, kind, name);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    // It may be kept after its provider heard that it is not: sent again, it is the same row.
    private async Task<int> InsertAsync(UnroutedWebhook webhook, CancellationToken cancellationToken)
    {
        await using var command = db.CreateCommand(Append);
        command.CommandTimeout = (int)Math.Ceiling(AnswerWithin.TotalSeconds);
        Sql.Add(
            command.Parameters, webhook.Kind, IdOf(webhook), webhook.Account.Setting ?? "", webhook.Account.Value ?? "", webhook.Reason, webhook.ReceivedAt, webhook.Proof, webhook.Body.ToArray());
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // A provider that repeats a webhook repeats its bytes.
    private static Guid IdOf(UnroutedWebhook webhook)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{webhook.Account.Setting}\n{webhook.Account.Value}\n"));
        hash.AppendData(webhook.Body.Span);
        return new Guid(hash.GetHashAndReset().AsSpan(0, 16), bigEndian: true);
    }
}

/// <summary>One that is kept.</summary>
public sealed record UnroutedRow(Guid Id, UnroutedWebhook Webhook);

/// <summary>All that name the same.</summary>
/// <param name="Kind">The channel kind.</param>
/// <param name="Setting">The setting of a channel that would claim them.</param>
/// <param name="Name">Its value.</param>
/// <param name="Reason">Why the newest is nobody's.</param>
/// <param name="Count">How many.</param>
/// <param name="Bytes">Their bodies together.</param>
/// <param name="Since">When the first came.</param>
/// <param name="Latest">When the last came, or came again.</param>
public sealed record UnroutedGroup(string Kind, string Setting, string Name, string Reason, long Count, long Bytes, DateTimeOffset Since, DateTimeOffset Latest);

/// <summary>What named the same and was thrown away unasked, for the same cause.</summary>
/// <param name="Kind">The channel kind.</param>
/// <param name="Setting">The setting of a channel that would have claimed it.</param>
/// <param name="Name">Its value.</param>
/// <param name="Why"><c>age</c>, or <c>room</c> for the oldest of too many.</param>
/// <param name="Count">How many, up to now.</param>
/// <param name="Bytes">Their bodies together.</param>
/// <param name="From">When the oldest of them had come.</param>
/// <param name="To">When the newest of them had.</param>
/// <param name="At">When some of them went last.</param>
public sealed record UnroutedLoss(string Kind, string Setting, string Name, string Why, long Count, long Bytes, DateTimeOffset From, DateTimeOffset To, DateTimeOffset At);
