using System.Collections.Concurrent;
using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Journal;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Journal;

/// <summary>A journal beside a database, and what moves it there.</summary>
internal sealed class JournalStage : IInboxHint, IArrivals, IAsyncDisposable
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private readonly NpgsqlDataSource _db;

    private JournalStage(NpgsqlDataSource db, Guid id, IInboxPressure pressure)
    {
        _db = db;
        Database = new ChannelsDatabase(db.ConnectionString);
        Directory = new JournalDirectory { Journal = id };
        Journal = Directory.Open();
        Mover = new JournalMover(Journal, Database, pressure, this, this, Condition, new DrainShare(1), TimeProvider.System, Log.For<JournalMover>());
        Table = new JournalTable(Database, Journal.RefusedDirectory, TimeProvider.System, NullLogger.Instance);
    }

    public JournalDirectory Directory { get; }

    public ChannelsDatabase Database { get; }

    public InboxJournal Journal { get; }

    public JournalMover Mover { get; }

    public JournalTable Table { get; }

    public LogCollector Log { get; } = new();

    public CommitCondition Condition { get; } = new(TimeProvider.System, NullLogger<CommitCondition>.Instance);

    /// <summary>The accounts that were told to read their table, with what the journal said it had of them then.</summary>
    public ConcurrentQueue<(AccountId Account, long InJournal)> Left { get; } = [];

    /// <summary>The accounts that were told of something new, with the same.</summary>
    public ConcurrentQueue<(AccountId Account, long InJournal)> Hinted { get; } = [];

    /// <param name="db">A database without anything in it.</param>
    /// <param name="pressure">None if left out.</param>
    public static async Task<JournalStage> CreateAsync(NpgsqlDataSource db, IInboxPressure? pressure = null)
    {
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        return new(db, (await JournalPosition.ReadAsync(db, default)).Journal, pressure ?? new InboxTraffic(new ManualClock()));
    }

    /// <summary>A tenant with a channel.</summary>
    public async Task<(TenantId Tenant, AccountId Account)> AccountAsync()
    {
        var (tenant, account) = (_ids.Next(), _ids.Next());
        await ExecuteAsync(
            $"""
            insert into tenant (id, name, created_at) values ('{tenant}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{tenant}', '{tenant}', 'u');
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{tenant}', '{tenant}', 'simulator', '{"{}"}', 'active', now(), now(), now());
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{tenant}', '{account}', '{tenant}', 'simulator', 'a', 'a', '{tenant}', '', '{"{}"}', '{"{}"}', 'active', now(), now(), now())
            """);
        return (new(tenant), new(account));
    }

    public InboundWebhook Webhook((TenantId Tenant, AccountId Account) of, string path = "path") => Directory.Webhook(of.Tenant, of.Account) with { Path = path };

    /// <summary>One batch.</summary>
    public Task AppendAsync(params IReadOnlyList<InboundWebhook> webhooks) => JournalDirectory.AppendAsync(Journal, webhooks);

    /// <summary>Moves until nothing is left.</summary>
    public async Task MoveAllAsync()
    {
        while (await Mover.TryMoveAsync(default))
        {
        }
    }

    /// <summary>The ids of the webhooks in the table, in the order they came.</summary>
    public async Task<IReadOnlyList<Guid>> InTableAsync()
    {
        var found = new List<Guid>();
        await using var command = _db.CreateCommand("select id from inbox where tenant_id <> '00000000-0000-0000-0000-000000000000' order by id");
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            found.Add(rows.GetGuid(0));
        }

        return found;
    }

    /// <summary>How many were counted at the door.</summary>
    public async Task<long> AcceptedAsync((TenantId Tenant, AccountId Account) of)
    {
        await Acceptances.AddUpAsync(Database.Pipeline, default);
        return await ScalarAsync($"select coalesce(sum(accepted), 0)::bigint from acceptance where account_id = '{of.Account.Value}'") is long accepted ? accepted : -1;
    }

    public async Task<long> MovedAsync() => (await JournalPosition.ReadAsync(_db, default)).Moved;

    public async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Mover.Dispose();
        await Journal.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Dispose();
        Log.Dispose();
    }

    void IInboxHint.Arrived(AccountId account) => Hinted.Enqueue((account, Journal.Contents.Count));

    void IInboxHint.PutBack(AccountId account) => throw new NotSupportedException();

    void IArrivals.Leave(AccountId account) => Left.Enqueue((account, Journal.Contents.Count));

    void IArrivals.Add(IReadOnlyList<InboundWebhook> webhooks)
    {
    }

    void IArrivals.Follow(AccountId account) => throw new NotSupportedException();

    ImmutableArray<InboundWebhook>? IArrivals.Take(AccountId account, int most) => throw new NotSupportedException();
}
