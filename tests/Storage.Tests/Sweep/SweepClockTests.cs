using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Intake;
using Channels.Core.Media;
using Channels.Core.Sessions;
using Channels.Core.Sweep;
using Channels.Storage.Database;
using Channels.Storage.Intake;
using Channels.Storage.Media;
using Channels.Storage.Migrations;
using Channels.Storage.Sessions;
using Channels.Storage.Sweep;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Sweep;

/// <summary>What a clock has dated that was set back since is not waited for until that time comes again.</summary>
public sealed class SweepClockTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly FurthestLooks Furthest = new(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(80));
    private readonly ManualClock _clock = new();
    private readonly IdSource _ids = new(TimeProvider.System);
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private TenantId _tenant;

    private DateTimeOffset Now => _clock.GetUtcNow();

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        _tenant = new(_ids.Next());
        await RunAsync(
            $$"""
            insert into tenant (id, name, created_at) values ('{{_tenant}}', 't', now());
            insert into org_unit (tenant_id, id, name) values ('{{_tenant}}', '{{_tenant}}', 'u');
            insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ('{{_tenant}}', '{{_tenant}}', 'simulator', '{}', 'active', now(), now(), now())
            """);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [PostgresFact]
    public async Task Sessions_that_are_due_and_those_that_are_put_off_further_than_any_are_found()
    {
        var (due, later, absurd) = (await AccountAsync(), await AccountAsync(), await AccountAsync());
        await SessionAsync(due, Now.AddSeconds(-1));
        await SessionAsync(later, Now + Furthest.Session);
        await SessionAsync(absurd, Now.AddHours(5));

        Assert.Equal([due, absurd], (await FoundAsync(work => work.Sessions)).Order());
    }

    [PostgresFact]
    public async Task Intakes_that_are_due_and_those_that_are_put_off_further_than_any_are_found()
    {
        var (due, later, absurd) = (await AccountAsync(), await AccountAsync(), await AccountAsync());
        await IntakeAsync(due, Now.AddSeconds(-1));
        await IntakeAsync(later, Now + Furthest.Intake);
        await IntakeAsync(absurd, Now.AddHours(5));

        Assert.Equal([due, absurd], (await FoundAsync(work => work.Intakes)).Order());
    }

    [PostgresFact]
    public async Task Files_that_are_due_and_those_that_are_put_off_further_than_any_are_found_and_fetched()
    {
        var (due, later, absurd) = (await AccountAsync(), await AccountAsync(), await AccountAsync());
        await FileAsync(due, Now.AddSeconds(-2));
        await FileAsync(later, Now + MediaFetch.FurthestAttempt);
        await FileAsync(absurd, Now.AddHours(5));

        Assert.Equal([due, absurd], (await FoundAsync(work => work.Files)).Order());

        var fetches = new PostgresMediaFetches(_database);
        Assert.Single((await fetches.LoadAsync(_tenant, new(absurd), Now, 10, default)).Due);
        Assert.Empty((await fetches.LoadAsync(_tenant, new(later), Now, 10, default)).Due);
    }

    private async Task<List<Guid>> FoundAsync(Func<WaitingWork, IEnumerable<AccountId>> kind)
    {
        using var sweep = new PostgresSweep(_database, Furthest, _clock);
        var found = new List<Guid>();
        for (var partition = 0; partition < Partitions.Count; partition++)
        {
            found.AddRange(kind(await sweep.FindAsync(partition, Partitions.Count, default)).Select(account => account.Value));
        }

        return found;
    }

    private async Task<Guid> AccountAsync()
    {
        var id = _ids.Next();
        await RunAsync(
            $$"""
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ('{{_tenant}}', '{{id}}', '{{_tenant}}', 'simulator', '{{id}}', '{{id}}', '{{_tenant}}', '', '{}', '{}', 'active', now(), now(), now())
            """);
        return id;
    }

    private Task SessionAsync(Guid account, DateTimeOffset dueAt) => new PostgresSessions(_database).SaveAsync(
        _tenant, new(account), new Session(SessionStatus.Working, Now, null, null, null, true, null, 0, null, dueAt), default);

    private Task IntakeAsync(Guid account, DateTimeOffset dueAt) =>
        new PostgresIntakes(_database).SaveAsync(_tenant, new(account), AccountIntake.None with { DueAt = dueAt }, default);

    private async Task FileAsync(Guid account, DateTimeOffset at)
    {
        await using var command = _db.CreateCommand("insert into media_fetch (tenant_id, account_id, message_id, media, next_attempt_at) values ($1, $2, $3, '{}', $4)");
        command.Parameters.Add(new() { Value = _tenant.Value });
        command.Parameters.Add(new() { Value = account });
        command.Parameters.Add(new() { Value = _ids.Next() });
        command.Parameters.Add(new() { Value = at });
        await command.ExecuteNonQueryAsync();
    }

    private async Task RunAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
