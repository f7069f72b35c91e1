using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Inbox;

/// <summary>Who waits for whose transaction.</summary>
public sealed class InboxLanesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IInboxHint
{
    private static readonly TenantId Heavy = Webhooks.Tenant(1);
    private static readonly TenantId Light = Webhooks.Tenant(2);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly IdSource _ids = new(TimeProvider.System);

    [PostgresFact]
    public async Task Who_sends_little_is_committed_beside_transactions_of_those_who_send_much()
    {
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        await using var holder = await HoldAsync(db, Heavy);
        await using var database = new ChannelsDatabase(db.ConnectionString);

        // None counts as hanging, however slow the machine: one that does lets a second of anything begin.
        await using var inbox = new PostgresInbox(
            database, Traffic(), this, new NoArrivals(), new CommitCondition(TimeProvider.System, NullLogger<CommitCondition>.Instance), TimeProvider.System, NullLogger<PostgresInbox>.Instance, journal: null, patience: TimeSpan.FromHours(1));

        // Enough waits for a further transaction, but one is kept.
        List<Task> held = [AppendAsync(inbox, Heavy)];
        await WaitingAsync(db, 1);
        held.AddRange(Enumerable.Range(0, 64).Select(_ => AppendAsync(inbox, Heavy)));

        await AppendAsync(inbox, Light).WaitAsync(Deadline);

        Assert.DoesNotContain(held, one => one.IsCompleted);
        await RunAsync(holder, "select pg_advisory_unlock_all()");
        await Task.WhenAll(held).WaitAsync(Deadline);
    }

    /// <inheritdoc/>
    public void Arrived(AccountId account)
    {
    }

    /// <inheritdoc/>
    public void PutBack(AccountId account) => throw new NotSupportedException();

    private static InboxTraffic Traffic()
    {
        var clock = new ManualClock();
        var traffic = new InboxTraffic(clock);
        for (var window = 0; window < 3; window++)
        {
            traffic.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 1)], waiting: 1);
            clock.Advance(TimeSpan.FromMilliseconds(250));
        }

        traffic.Committed(Webhooks.Of(Heavy, 100), waiting: 1);
        return traffic;
    }

    // Whatever brings a row of this tenant waits until the connection lets go.
    private static async Task<NpgsqlConnection> HoldAsync(NpgsqlDataSource db, TenantId tenant)
    {
        var connection = await db.OpenConnectionAsync();
        await RunAsync(
            connection,
            $"""
            create function hold() returns trigger language plpgsql as $f$ begin perform pg_advisory_xact_lock(42); return new; end $f$;
            create trigger hold before insert on inbox for each row when (new.tenant_id = '{tenant}') execute function hold();
            select pg_advisory_lock(42)
            """);
        return connection;
    }

    private static async Task WaitingAsync(NpgsqlDataSource db, long transactions)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        await using var count = db.CreateCommand("select count(*) from pg_locks where locktype = 'advisory' and objid = 42 and not granted and database = (select oid from pg_database where datname = current_database())");
        while (await count.ExecuteScalarAsync(deadline.Token) is not long waiting || waiting != transactions)
        {
            await Task.Delay(10, deadline.Token);
        }
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private Task AppendAsync(PostgresInbox inbox, TenantId tenant) =>
        inbox.AppendAsync(Webhooks.Of(tenant, Webhooks.Account(1)) with { Id = new WebhookId(_ids.Next()) }, default);
}
