using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Inbox;

/// <summary>Reads accounts' oldest unfinished webhooks. Accounts that ask at the same time share one query.</summary>
internal sealed class AccountInbox : IAccountInbox, IAsyncDisposable
{
    // The running sum bounds an account's share in bytes: its first row always comes, whatever its size.
    private const string Read = """
        select a.n, i.id, i.received_at, i.path, i.body
        from unnest($1::uuid[], $2::uuid[], $3::int[]) with ordinality as a (tenant_id, account_id, rows, n)
        cross join lateral (
          select id, received_at, path, body, sum(octet_length(body)) over (order by id) - octet_length(body) as before
          from (select * from inbox where tenant_id = a.tenant_id and account_id = a.account_id order by id limit a.rows) as oldest
          order by id) as i
        where i.before < 1048576
        order by a.n, i.id
        """;

    // A piece at a time, in rows and in bytes: a deleted channel's backlog may be of any size, and what takes too long is undone and begins anew.
    private const string ParkRest = """
        with rest as materialized (
          select i.tenant_id, i.account_id, i.id
          from account a
          cross join lateral (
            select tenant_id, account_id, id, sum(octet_length(body)) over (order by id) - octet_length(body) as before
            from (select * from inbox where tenant_id = a.tenant_id and account_id = a.id order by id limit 500) as oldest
            order by id) as i
          where a.id = $1 and i.before < 8388608),
        gone as (
          delete from inbox i using rest r where i.tenant_id = any (array[r.tenant_id]) and i.account_id = r.account_id and i.id = r.id returning i.*),
        parked as (
          insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body)
          select tenant_id, account_id, id, received_at, $2, $3, path, body from gone
          on conflict do nothing)
        select count(*) from gone
        """;

    private readonly ChannelsDatabase _database;
    private readonly TimeProvider _clock;
    private readonly GroupCommit<Query> _queries;

    public AccountInbox(ChannelsDatabase database, TimeProvider clock, ILogger<AccountInbox> logger)
    {
        _database = database;
        _clock = clock;
        _queries = new GroupCommit<Query>(new GroupCommitLimits(Workers: 2, Enough: 8, Items: 32, Bytes: long.MaxValue, Queue: int.MaxValue), RunAsync, logger);
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<InboundWebhook>> ReadAsync(TenantId tenant, AccountId account, int limit, CancellationToken cancellationToken)
    {
        var query = new Query(tenant, account, limit);
        if (!_queries.TryAdd(query))
        {
            throw new Core.StoreUnavailableException("The process is stopping.");
        }

        await query.Done.WaitAsync(cancellationToken);
        return query.Rows.ToImmutable();
    }

    /// <inheritdoc/>
    public async Task ParkRestAsync(AccountId account, string reason, CancellationToken cancellationToken)
    {
        while (await ParkPieceAsync(account, reason, cancellationToken) > 0)
        {
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _queries.DisposeAsync();

    private Task<long> ParkPieceAsync(AccountId account, string reason, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = _database.Pipeline.CreateCommand(ParkRest);
        command.Parameters.Add(new NpgsqlParameter { Value = account.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = _clock.GetUtcNow() });
        command.Parameters.Add(new NpgsqlParameter { Value = reason });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    });

    private async Task RunAsync(IReadOnlyList<Query> queries, CancellationToken cancellationToken)
    {
        foreach (var query in queries)
        {
            query.Rows.Clear();
        }

        await using var connection = await _database.Reads.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Read, connection);
        command.Parameters.Add(Columns.Uuids(queries, query => query.Tenant.Value));
        command.Parameters.Add(Columns.Uuids(queries, query => query.Account.Value));
        command.Parameters.Add(Columns.Of(queries, query => query.Limit, NpgsqlDbType.Integer));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var query = queries[(int)reader.GetInt64(0) - 1];
            query.Rows.Add(new InboundWebhook(
                query.Tenant, query.Account, new WebhookId(reader.GetGuid(1)), reader.GetFieldValue<DateTimeOffset>(2), reader.GetString(3), reader.GetFieldValue<byte[]>(4)));
        }
    }

    private sealed class Query(TenantId tenant, AccountId account, int limit) : GroupItem(tenant)
    {
        public AccountId Account { get; } = account;

        public int Limit { get; } = limit;

        public ImmutableArray<InboundWebhook>.Builder Rows { get; } = ImmutableArray.CreateBuilder<InboundWebhook>();
    }
}
