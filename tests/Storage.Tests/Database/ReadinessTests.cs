using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Database;

/// <summary>A store that answers and takes nothing is not one to be sent webhooks for.</summary>
public sealed class ReadinessTests : IAsyncLifetime
{
    private readonly PostgresFixture _postgres = new();
    private readonly ManualClock _clock = new();
    private readonly LogCollector _log = new();
    private NpgsqlDataSource _db = null!;
    private CommitCondition _commits = null!;
    private Readiness _readiness = null!;

    public async Task InitializeAsync()
    {
        _db = await _postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _commits = new CommitCondition(_clock, _log.For<CommitCondition>());
        _readiness = new Readiness(_db, _commits);
    }

    public Task DisposeAsync() => _postgres.DisposeAsync();

    [PostgresFact]
    public async Task A_store_that_only_lets_itself_be_read_is_named()
    {
        Assert.Null(await MissingAsync());

        var readOnly = new NpgsqlConnectionStringBuilder(_db.ConnectionString) { Options = "-c default_transaction_read_only=on" };
        await using var standby = NpgsqlDataSource.Create(readOnly.ConnectionString);

        Assert.Contains("25006", await new Readiness(standby, _commits).WhatIsMissingAsync(default), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Webhooks_that_found_a_full_disk_are_told_until_one_is_committed()
    {
        _commits.Refused("53100");
        _clock.Advance(CommitCondition.Remembered - TimeSpan.FromSeconds(1));
        _commits.Refused("53100");
        _clock.Advance(CommitCondition.Remembered - TimeSpan.FromSeconds(1));
        var full = await MissingAsync();
        _commits.Succeeded();

        Assert.Contains("disk is full (SQLSTATE 53100)", full, StringComparison.Ordinal);
        Assert.Null(await MissingAsync());
        Assert.Equal([LogLevel.Error, LogLevel.Information], _log.Entries.Select(entry => entry.Level));
    }

    [PostgresFact]
    public async Task Without_traffic_a_trial_finds_out_that_it_is_over()
    {
        _commits.Refused("53100");
        Assert.NotNull(await MissingAsync());

        _clock.Advance(CommitCondition.Remembered);

        Assert.Null(await MissingAsync());
    }

    [PostgresFact]
    public async Task Without_traffic_a_trial_that_is_refused_as_well_leaves_it_so()
    {
        await RunAsync("""
            create function full_disk() returns event_trigger language plpgsql as $$ begin raise exception 'full' using errcode = '53100'; end $$;
            create event trigger full_disk on ddl_command_start when tag in ('CREATE TABLE AS') execute function full_disk()
            """);
        _commits.Refused("53100");
        _clock.Advance(CommitCondition.Remembered);

        var refused = await MissingAsync();
        await RunAsync("drop event trigger full_disk");
        var fresh = await MissingAsync();
        _clock.Advance(CommitCondition.Fresh);

        Assert.Contains("53100", refused, StringComparison.Ordinal);
        Assert.Contains("53100", fresh, StringComparison.Ordinal);
        Assert.Null(await MissingAsync());
    }

    [Fact]
    public void What_a_webhook_itself_is_refused_for_says_nothing_of_the_store()
    {
        var commits = new CommitCondition(_clock, _log.For<CommitCondition>());

        commits.Refused("22021");
        commits.Refused("40001");

        Assert.Null(commits.What);
        Assert.Empty(_log.Entries);
    }

    private Task<string?> MissingAsync() => _readiness.WhatIsMissingAsync(default);

    private async Task RunAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
