using System.Reflection;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Storage.Paging;
using Channels.Storage.Parked;
using Channels.Storage.Tenancy;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Parked;

/// <summary>A database with a tenant and channels, and all that parks webhooks or takes them away.</summary>
internal sealed class ParkedStore : IInboxHint, IAsyncDisposable
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private readonly ReplaySignal _signal = new();
    private readonly AccountInbox _inbox;

    private ParkedStore(NpgsqlDataSource db)
    {
        Db = db;
        Database = new ChannelsDatabase(db.ConnectionString);
        var scope = new TenantScope(Database.Requests);
        Groups = new ParkedGroups(scope);
        Parked = new ParkedWebhooks(scope, this, _ids);
        Discarded = new DiscardedWebhooks(scope, TimeProvider.System);
        Replays = new Replays(scope, _signal, TimeProvider.System);
        Runner = new ReplayRunner(Database.Requests, _signal, this, _ids, TimeProvider.System, NullLogger<ReplayRunner>.Instance);
        _inbox = new AccountInbox(Database, TimeProvider.System, NullLogger<AccountInbox>.Instance);
    }

    public NpgsqlDataSource Db { get; }

    public ChannelsDatabase Database { get; }

    public TenantId Tenant { get; private set; }

    public ParkedGroups Groups { get; }

    public ParkedWebhooks Parked { get; }

    public DiscardedWebhooks Discarded { get; }

    public Replays Replays { get; }

    public ReplayRunner Runner { get; }

    public static async Task<ParkedStore> OpenAsync(PostgresFixture postgres)
    {
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        var store = new ParkedStore(db);
        await store.EnterAsync();
        return store;
    }

    /// <summary>Makes a tenant, and goes on as it.</summary>
    public async Task EnterAsync()
    {
        Tenant = new TenantId(_ids.Next());
        await RunAsync(
            $"""
            insert into tenant (id, name, created_at) values ('{Tenant}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{Tenant}', '{Tenant}', 'u')
            """);
    }

    /// <summary>A constant of the class.</summary>
    public static string Constant(Type type, string name) =>
        (string)type.GetField(name, BindingFlags.Static | BindingFlags.NonPublic)!.GetRawConstantValue()!;

    public async Task<AccountId> ChannelAsync(string kind, bool deleted = false)
    {
        var account = _ids.Next();
        await RunAsync(
            $"""
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{Tenant}', '{account}', '{kind}', '{"{}"}', 'active', now(), now(), now());
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at, deleted_at)
            values ('{Tenant}', '{account}', '{account}', '{kind}', 'a', 'a', '{Tenant}', '', '{"{}"}', '{"{}"}', 'active', now(), now(), now(), {(deleted ? "now()" : "null")})
            """);
        return new AccountId(account);
    }

    /// <summary>What the account's grain does with what nobody can read.</summary>
    public async Task ParkAsync(AccountId account, IReadOnlyList<string> reasons, NpgsqlTransaction? transaction = null)
    {
        var rows = reasons.Select(reason => (Id: _ids.Next(), Reason: reason)).ToList();
        var ids = rows.Select(row => row.Id).ToArray();
        await RunAsync(
            "insert into inbox (tenant_id, account_id, id, received_at, path, body) select $1, $2, id, now() - random() * interval '9 days', '', '' from unnest($3::uuid[]) as id",
            Tenant.Value, account.Value, ids);
        await using var park = transaction is null ? Db.CreateCommand(RecordSql.Parked) : new NpgsqlCommand(RecordSql.Parked, transaction.Connection, transaction);
        foreach (var value in new object[] { Of(Tenant.Value), Of(account.Value), ids, rows.Select(row => row.Reason).ToArray(), Of(TimeProvider.System.GetUtcNow()) })
        {
            park.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await park.ExecuteNonQueryAsync();

        T[] Of<T>(T value) => [.. Enumerable.Repeat(value, rows.Count)];
    }

    /// <summary>What becomes of a deleted channel's inbox.</summary>
    public async Task ParkRestAsync(AccountId account)
    {
        await RunAsync("insert into inbox (tenant_id, account_id, id, received_at, path, body) values ($1, $2, $3, now(), '', '')", Tenant.Value, account.Value, _ids.Next());
        await _inbox.ParkRestAsync(account, "the channel was deleted", default);
    }

    public Task AddUpAsync() => ParkedCounts.AddUpAsync(Database.Pipeline, default);

    public async Task<string> GroupsAsync(ParkedFilter filter, bool byChannel)
    {
        var groups = await Groups.ListAsync(Tenant, filter, byChannel, new Page(1, 1_000), default);
        Assert.Equal(groups.Total, groups.Items.Length);
        return string.Join('\n', groups.Items.Select(group =>
            $"{group.Kind}|{group.Cause}|{group.Account}|{group.Count}|{group.Channels}|{group.Oldest:O}|{group.Newest:O}|{group.Example}|{group.OfDeleted}"));
    }

    /// <summary>The same, by looking at every webhook that is parked.</summary>
    public async Task<string> CountedOneByOneAsync(ParkedFilter filter, bool byChannel)
    {
        await using var command = Db.CreateCommand($"""
            select a.kind, p.cause, count(distinct p.account_id), (array_agg(p.account_id))[1], count(*), min(p.received_at), max(p.received_at),
                   (array_agg(p.id order by p.received_at, p.account_id, p.id))[1], count(*) filter (where a.deleted_at is not null)
            from parked_webhook p join account a on a.tenant_id = p.tenant_id and a.id = p.account_id
            where {ParkedFilter.Sql}
            group by a.kind, p.cause, case when $5 then p.account_id end order by 5 desc, 1, 2, case when $5 then (array_agg(p.account_id))[1] end
            """);
        foreach (var value in new object?[] { Tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, byChannel })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        await using var rows = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await rows.ReadAsync())
        {
            lines.Add(
                $"{rows.GetString(0)}|{rows.GetString(1)}|{(rows.GetInt64(2) == 1 ? new AccountId(rows.GetGuid(3)) : null)}|{rows.GetInt64(4)}|{rows.GetInt64(2)}|"
                + $"{rows.GetFieldValue<DateTimeOffset>(5):O}|{rows.GetFieldValue<DateTimeOffset>(6):O}|{new WebhookId(rows.GetGuid(7))}|{rows.GetInt64(8)}");
        }

        return string.Join('\n', lines);
    }

    public async Task RunAsync(string sql, params object[] values)
    {
        await using var command = Db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    public async Task<object?> ScalarAsync(string sql)
    {
        await using var command = Db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public void Arrived(AccountId account)
    {
    }

    public void PutBack(AccountId account)
    {
    }

    public async ValueTask DisposeAsync()
    {
        await _inbox.DisposeAsync();
        Runner.Dispose();
        _signal.Dispose();
        await Database.DisposeAsync();
    }
}
