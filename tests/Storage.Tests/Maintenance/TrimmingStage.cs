using System.Diagnostics.Metrics;
using Channels.Core.Ids;
using Channels.Storage.Database;
using Channels.Storage.Maintenance;
using Channels.Storage.Media;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Channels.Storage.Tests.Maintenance;

/// <summary>A migrated database with one channel, whose housekeeping has seen a steady clock for two days.</summary>
public abstract class TrimmingStage(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const int Keep = 30;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private ChannelsDatabase _database = null!;

    protected ManualClock Clock { get; } = new();

    protected LogCollector Log { get; } = new();

    protected TemporaryDirectory Files { get; } = TemporaryDirectory.Create();

    protected Guid Tenant { get; } = new IdSource(TimeProvider.System).Next();

    protected NpgsqlDataSource Db { get; private set; } = null!;

    protected DateTimeOffset Started { get; private set; }

    public async Task InitializeAsync()
    {
        Started = Clock.GetUtcNow();
        Db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(Db, Clock, NullLogger.Instance, default);
        _database = new ChannelsDatabase(Db.ConnectionString);
        await RunAsync("insert into tenant (id, name, created_at) values ($1, 't', now())", Tenant);
        await RunAsync("insert into org_unit (tenant_id, id, name) values ($1, $1, 'u')", Tenant);
        await RunAsync(
            "insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ($1, $1, 'simulator', '{}', 'active', now(), now(), now())",
            Tenant);
        await RunAsync(
            """
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ($1, $1, $1, 'simulator', 'a', 'a', $1, '', '{}', '{}', 'active', now(), now(), now())
            """,
            Tenant);
        await TimePartitions.EnsureAsync(Db, Clock, default);
        await RunAsync("insert into housekeeping (seen_at, steady_since) values ($1, $2)", Started, Started - TimeSpan.FromDays(2));
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _services.DisposeAsync();
        Files.Dispose();
    }

    protected Storage.Maintenance.Housekeeping Housekeeping(int? messageDays = Keep, int duplicateDays = 30, TimeProvider? clock = null) => new(
        _database, new MediaTrimming(Files.Path, _database.Requests), Options.Create(new RetentionOptions { MessageDays = messageDays, DuplicateDays = duplicateDays }),
        new MaintenanceInstruments(_services.GetRequiredService<IMeterFactory>()), clock ?? Clock, Log.For<Storage.Maintenance.Housekeeping>());

    private FileMediaStore Store() => new(Files.Path, new IdSource(Clock), Clock, Log.For<FileMediaStore>());

    protected Task<string> SaveAsync(string content) => Store().SaveAsync(new TenantId(Tenant), System.Text.Encoding.UTF8.GetBytes(content), default);

    protected async Task<bool> IsThereAsync(string reference)
    {
        await using var file = await Store().OpenAsync(new TenantId(Tenant), reference, default);
        return file is not null;
    }

    // As a product that is up all the time: the clock is looked at in between.
    protected async Task GoOnAsync(double days, Storage.Maintenance.Housekeeping? housekeeping = null)
    {
        for (; days > 0; days -= 2)
        {
            Clock.Advance(TimeSpan.FromDays(Math.Min(days, 2)));
            if (housekeeping is not null)
            {
                await housekeeping.LookAsync(default);
            }
            else
            {
                await SteadyClock.SinceAsync(Db, Clock.GetUtcNow(), default);
            }
        }
    }

    protected DateTimeOffset At(double days) => Started.AddDays(days);

    protected async Task<Guid> AddMessageAsync(DateTimeOffset at, string status = "received", string? details = null)
    {
        var id = IdSource.Floor(at);
        await RunAsync(
            """
            insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at, details)
            values ($1, $1, $2, $1, $3, 0, 'message.text', 'x', $4, $5, $6::text::jsonb)
            """,
            Tenant, id, status != "received", status, at, (object?)details ?? DBNull.Value);
        return id;
    }

    protected Task AddKeyAsync(string name, DateTimeOffset at) => RunAsync(
        "insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id) values ($1, $2, $1, 'message', '', $3)", Tenant, name, IdSource.Floor(at));

    protected async Task<List<DateTimeOffset>> MessagesAsync()
    {
        await using var command = Db.CreateCommand("select id from transcript order by id");
        await using var reader = await command.ExecuteReaderAsync();
        var times = new List<DateTimeOffset>();
        while (await reader.ReadAsync())
        {
            times.Add(IdSource.TimeOf(reader.GetGuid(0)));
        }

        return times;
    }

    protected async Task<bool> ExistsAsync(string table) => await ScalarAsync($"select to_regclass('{table}') is not null") is true;

    protected async Task<long> CountAsync(string table) => (long)(await ScalarAsync($"select count(*) from {table}"))!;

    protected async Task RunAsync(string sql, params object[] values)
    {
        await using var command = Db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    protected async Task<object?> ScalarAsync(string sql)
    {
        await using var command = Db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
