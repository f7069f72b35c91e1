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

/// <summary>What is past its keep goes, what is not finished stays, and a clock that jumps takes nothing with it.</summary>
public sealed class TrimmingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const int Keep = 30;
    private readonly ManualClock _clock = new();
    private readonly LogCollector _log = new();
    private readonly TemporaryDirectory _files = TemporaryDirectory.Create();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Guid _tenant = new IdSource(TimeProvider.System).Next();
    private NpgsqlDataSource _db = null!;
    private ChannelsDatabase _database = null!;
    private DateTimeOffset _started;

    public async Task InitializeAsync()
    {
        _started = _clock.GetUtcNow();
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, _clock, NullLogger.Instance, default);
        _database = new ChannelsDatabase(_db.ConnectionString);
        await RunAsync("insert into tenant (id, name, created_at) values ($1, 't', now())", _tenant);
        await RunAsync("insert into org_unit (tenant_id, id, name) values ($1, $1, 'u')", _tenant);
        await RunAsync(
            "insert into connector (tenant_id, id, kind, settings, status, status_since, created_at, updated_at) values ($1, $1, 'simulator', '{}', 'active', now(), now(), now())",
            _tenant);
        await RunAsync(
            """
            insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, status_since, created_at, updated_at)
            values ($1, $1, $1, 'simulator', 'a', 'a', $1, '', '{}', '{}', 'active', now(), now(), now())
            """,
            _tenant);
        await TimePartitions.EnsureAsync(_db, _clock, default);
        await RunAsync("insert into housekeeping (seen_at, steady_since) values ($1, $2)", _started, _started - TimeSpan.FromDays(2));
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _services.DisposeAsync();
        _files.Dispose();
    }

    [PostgresFact]
    public async Task A_week_past_its_keep_is_dropped_and_said_and_a_younger_one_stays()
    {
        await AddMessageAsync(At(0));
        await AddMessageAsync(At(20));

        await GoOnAsync(40);
        await Housekeeping().LookAsync(default);

        Assert.Equal([At(20)], await MessagesAsync());
        Assert.False(await ExistsAsync("transcript_20251229"));
        Assert.Contains(_log.Entries, entry => entry.Message.StartsWith("Dropped transcript_20251229", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task Messages_are_kept_for_ever_unless_somebody_says_otherwise()
    {
        await AddMessageAsync(At(0));
        await AddMessageAsync(At(-400));

        await GoOnAsync(900);
        await Housekeeping(messageDays: null).LookAsync(default);

        Assert.Equal([At(-400), At(0)], await MessagesAsync());
    }

    [PostgresFact]
    public async Task Old_messages_without_a_week_of_their_own_go_as_well()
    {
        await AddMessageAsync(At(-400));
        await AddMessageAsync(At(0));

        await Housekeeping().LookAsync(default);

        Assert.Equal([At(0)], await MessagesAsync());
        Assert.Contains(_log.Entries, entry => entry.Message.StartsWith("Trimmed 1 rows of transcript_default from before", StringComparison.Ordinal));
    }

    [PostgresTheory]
    [InlineData("insert into turn (tenant_id, account_id, conversation_id, message_id) values ($1, $1, $1, $2)")]
    [InlineData("insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $1, $2, $1, 0, 1, now())")]
    [InlineData("insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $1, $2, $1, 1, 1, now())")]
    [InlineData(
        """
        insert into held_echo (tenant_id, account_id, message_id, conversation_id, provider_message_id, kind, author, occurred_at, deadline, pauses_agent)
        values ($1, $1, $2, $1, 'p', 'message.text', 2, now(), now(), true)
        """)]
    public async Task What_is_not_finished_keeps_its_message_and_only_that(string unfinished)
    {
        var id = await AddMessageAsync(At(0));
        await AddMessageAsync(At(0).AddHours(1));
        var older = await AddMessageAsync(At(-400));
        await RunAsync(unfinished, _tenant, id);
        await RunAsync(unfinished.Replace("'p'", "'q'", StringComparison.Ordinal), _tenant, older);

        await GoOnAsync(90);
        await Housekeeping().LookAsync(default);

        Assert.Equal([At(-400), At(0)], await MessagesAsync());
        Assert.True(await ExistsAsync("transcript_20251229"));
    }

    [PostgresFact]
    public async Task A_reply_of_unknown_outcome_is_given_up_with_its_message_and_keeps_no_week()
    {
        var (old, young) = (await AddMessageAsync(At(0), "unknown"), await AddMessageAsync(At(80), "unknown"));
        foreach (var id in new[] { old, young })
        {
            await RunAsync("insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $1, $2, $1, 2, 1, now())", _tenant, id);
        }

        await GoOnAsync(90);
        await Housekeeping().LookAsync(default);

        Assert.Equal([At(80)], await MessagesAsync());
        Assert.False(await ExistsAsync("transcript_20251229"));
        Assert.Equal(young, await ScalarAsync("select message_id from outbox"));
        Assert.Equal(1L, await ScalarAsync("select messages_failed from channel_counter"));
    }

    [PostgresFact]
    public async Task A_week_that_is_needed_is_told_from_one_in_use_without_a_lock()
    {
        var id = await AddMessageAsync(At(0));
        await RunAsync("insert into turn (tenant_id, account_id, conversation_id, message_id) values ($1, $1, $1, $2)", _tenant, id);
        await GoOnAsync(90);
        await using var connection = await _db.OpenConnectionAsync();
        await using var reading = await connection.BeginTransactionAsync();
        await using (var look = new NpgsqlCommand("select count(*) from transcript", connection))
        {
            await look.ExecuteScalarAsync();
        }

        var weeks = await TimePartitions.DropAsync(_db, TimePartitions.Transcript, At(60), default);

        Assert.Equal(PastWeekOutcome.Needed, weeks.Single(week => week.Name == "transcript_20251229").Outcome);
    }

    [PostgresFact]
    public async Task Webhooks_that_wait_or_are_parked_stay_whatever_their_age()
    {
        await RunAsync("insert into inbox (tenant_id, account_id, id, received_at, path, body) values ($1, $1, $2, now() - interval '3 years', '', '')", _tenant, IdSource.Floor(At(-900)));
        await RunAsync(
            "insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body) values ($1, $1, $2, now() - interval '3 years', now() - interval '3 years', 'r', '', '')",
            _tenant, IdSource.Floor(At(-900)));
        await RunAsync("update account set deleted_at = $1", At(-800));

        await Housekeeping().LookAsync(default);

        Assert.Equal((1L, 1L), (await CountAsync("inbox"), await CountAsync("parked_webhook")));
    }

    [PostgresFact]
    public async Task A_week_in_use_is_left_and_nobody_waits_for_it()
    {
        await AddMessageAsync(At(0));
        await GoOnAsync(40);
        await using var connection = await _db.OpenConnectionAsync();
        await using var reading = await connection.BeginTransactionAsync();
        await using (var look = new NpgsqlCommand("select count(*) from transcript", connection))
        {
            await look.ExecuteScalarAsync();
        }

        await Housekeeping().LookAsync(default);
        var left = await ExistsAsync("transcript_20251229");
        await reading.CommitAsync();
        await Housekeeping().LookAsync(default);

        Assert.True(left);
        Assert.Contains(_log.Entries, entry => entry.Message.StartsWith("transcript_20251229 is past its keep but in use", StringComparison.Ordinal));
        Assert.False(await ExistsAsync("transcript_20251229"));
    }

    [PostgresFact]
    public async Task A_duplicate_is_known_for_as_long_as_it_is_set_to()
    {
        await AddKeyAsync("young", At(1));
        await AddKeyAsync("old", At(-1));

        await GoOnAsync(10);
        await Housekeeping(duplicateDays: 10).LookAsync(default);

        Assert.Equal("young", await ScalarAsync("select string_agg(provider_message_id, ' ') from message_key"));
    }

    [PostgresFact]
    public async Task How_channels_stood_and_what_was_replayed_is_kept_for_ninety_days_and_what_still_runs_for_ever()
    {
        foreach (var at in new[] { At(-95), At(-80) })
        {
            await RunAsync("insert into account_status_history (tenant_id, account_id, id, status, at) values ($1, $1, $2, 'active', $3)", _tenant, IdSource.Floor(at), at);
            await RunAsync(
                "insert into replay (tenant_id, id, rate, matched, created_at, after_id, state, ended_at) values ($1, $2, 1, 1, $3, $1, 'done', $3)", _tenant, IdSource.Floor(at), at);
        }

        await RunAsync("insert into replay (tenant_id, id, rate, matched, created_at, after_id, state) values ($1, $1, 1, 1, $2, $1, 'running')", _tenant, At(-300));

        await Housekeeping(messageDays: null).LookAsync(default);

        Assert.Equal(IdSource.Floor(At(-80)), await ScalarAsync("select id from account_status_history"));
        Assert.Equal("running done", await ScalarAsync("select string_agg(state, ' ' order by created_at) from replay"));
    }

    [PostgresTheory]
    [InlineData(6, 30, "Channels__Retention__DuplicateDays")]
    [InlineData(30, 0, "Channels__Retention__MessageDays")]
    public void A_window_that_is_too_short_stops_the_start_and_names_its_setting(int duplicates, int messages, string named)
    {
        var options = new ServiceCollection().AddOptions<RetentionOptions>()
            .Configure(options => (options.DuplicateDays, options.MessageDays) = (duplicates, messages)).ValidateDataAnnotations().Services.BuildServiceProvider();

        var refusal = Assert.Throws<OptionsValidationException>(() => options.GetRequiredService<IOptions<RetentionOptions>>().Value);

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task What_waits_for_a_deleted_channel_goes_and_its_messages_say_why()
    {
        var turn = await AddMessageAsync(At(0));
        var queued = await AddMessageAsync(At(0).AddMinutes(1), "queued");
        var sending = await AddMessageAsync(At(0).AddMinutes(2), "queued");
        await RunAsync("insert into turn (tenant_id, account_id, conversation_id, message_id) values ($1, $1, $1, $2)", _tenant, turn);
        await RunAsync("insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $1, $2, $1, 0, 0, now()), ($1, $1, $3, $1, 1, 1, now())", _tenant, queued, sending);
        await RunAsync("update account set deleted_at = $1", At(0));

        await Housekeeping().LookAsync(default);
        var atOnce = (await CountAsync("turn"), await CountAsync("outbox"));
        await GoOnAsync(2);
        await Housekeeping().LookAsync(default);

        Assert.Equal((1L, 2L), atOnce);
        Assert.Equal((0L, 0L), (await CountAsync("turn"), await CountAsync("outbox")));
        Assert.Equal("received failed unknown", await ScalarAsync("select string_agg(status, ' ' order by id) from transcript"));
        Assert.Equal(3L, await ScalarAsync("select count(*) from transcript where reason like 'channel-deleted: %'"));

        // In the books as well: what left the queues without a word would be missing there.
        Assert.Equal("message channel-deleted 1", await ScalarAsync("select string_agg(what || ' ' || reason || ' ' || dropped, ', ') from drop_counter"));
        Assert.Equal(2L, await ScalarAsync("select messages_failed from channel_counter"));
    }

    [PostgresFact]
    public async Task Names_of_a_deleted_channels_contacts_go_with_their_last_message()
    {
        await AddMessageAsync(At(0));
        await RunAsync("insert into conversation (tenant_id, account_id, id, chat_id, chat_type, contact_name, created_at) values ($1, $1, $1, 'c', 'direct', 'n', now())", _tenant);
        await RunAsync("insert into conversation_alias (tenant_id, account_id, alias, conversation_id) values ($1, $1, 'c', $1)", _tenant);
        await RunAsync("update account set deleted_at = $1", At(0));
        await Housekeeping().LookAsync(default);
        var before = await CountAsync("conversation");

        await GoOnAsync(40);
        await Housekeeping().LookAsync(default);

        Assert.Equal(1, before);
        Assert.Equal((0L, 0L, 0L), (await CountAsync("transcript"), await CountAsync("conversation"), await CountAsync("conversation_alias")));
    }

    [PostgresFact]
    public async Task A_clock_that_jumps_ahead_deletes_nothing_for_a_day()
    {
        await AddMessageAsync(At(-400));
        await AddKeyAsync("key", At(0));
        var housekeeping = Housekeeping(messageDays: 500);

        _clock.Advance(TimeSpan.FromDays(200));
        await housekeeping.LookAsync(default);
        await GoOnAsync(0.9, housekeeping);
        var afterTheJump = (await CountAsync("transcript"), await CountAsync("message_key"));
        await GoOnAsync(0.2, housekeeping);

        Assert.Equal((1L, 1L), afterTheJump);
        Assert.Contains(_log.Entries, entry => entry.Message.StartsWith("Nothing is trimmed before 2026-07-21", StringComparison.Ordinal));
        Assert.Equal((0L, 0L), (await CountAsync("transcript"), await CountAsync("message_key")));
    }

    [PostgresFact]
    public async Task A_clock_that_is_set_right_again_counts_as_a_jump_as_well()
    {
        _clock.Advance(TimeSpan.FromDays(200));
        await Housekeeping().LookAsync(default);

        var right = new ManualClock(_started.AddHours(1));
        await AddMessageAsync(At(-400));
        await Housekeeping(clock: right).LookAsync(default);

        Assert.Equal(1, await CountAsync("transcript"));
    }

    [PostgresFact]
    public async Task Only_one_process_does_it()
    {
        await AddMessageAsync(At(-400));
        await using var other = await _db.OpenConnectionAsync();
        await using (var take = new NpgsqlCommand("select pg_advisory_lock($1)", other) { Parameters = { new NpgsqlParameter { Value = Storage.Maintenance.Housekeeping.LockKey } } })
        {
            await take.ExecuteNonQueryAsync();
        }

        await Housekeeping().LookAsync(default);

        Assert.Equal(1, await CountAsync("transcript"));
    }

    [PostgresFact]
    public async Task A_file_goes_when_no_message_names_it_and_not_before()
    {
        var (named, unnamed, young) = (await SaveAsync("named"), await SaveAsync("unnamed"), await SaveAsync("young"));
        await GoOnAsync(38.5);
        await SaveAsync("young");
        await AddMessageAsync(_clock.GetUtcNow(), details: $$"""{"media_id":"{{named}}"}""");

        await Housekeeping().LookAsync(default);

        Assert.Equal((true, false, true), (await IsThereAsync(named), await IsThereAsync(unnamed), await IsThereAsync(young)));
        Assert.Contains(_log.Entries, entry => entry.Message.StartsWith("Deleted 1 files, 7 bytes", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task A_file_that_was_put_aside_by_a_process_that_died_is_put_back()
    {
        var reference = await SaveAsync("brought again");
        var path = Directory.EnumerateFiles(_files.Path, "*", SearchOption.AllDirectories).Single();
        File.Move(path, $"{path}.aside");

        await Housekeeping().LookAsync(default);

        Assert.True(await IsThereAsync(reference));
    }

    private Storage.Maintenance.Housekeeping Housekeeping(int? messageDays = Keep, int duplicateDays = 30, TimeProvider? clock = null) => new(
        _database, new MediaTrimming(_files.Path, _database.Requests), Options.Create(new RetentionOptions { MessageDays = messageDays, DuplicateDays = duplicateDays }),
        new MaintenanceInstruments(_services.GetRequiredService<IMeterFactory>()), clock ?? _clock, _log.For<Storage.Maintenance.Housekeeping>());

    private FileMediaStore Store() => new(_files.Path, new IdSource(_clock), _clock);

    private Task<string> SaveAsync(string content) => Store().SaveAsync(new TenantId(_tenant), System.Text.Encoding.UTF8.GetBytes(content), default);

    private async Task<bool> IsThereAsync(string reference)
    {
        await using var file = await Store().OpenAsync(new TenantId(_tenant), reference, default);
        return file is not null;
    }

    // As a product that is up all the time: the clock is looked at in between.
    private async Task GoOnAsync(double days, Storage.Maintenance.Housekeeping? housekeeping = null)
    {
        for (; days > 0; days -= 2)
        {
            _clock.Advance(TimeSpan.FromDays(Math.Min(days, 2)));
            if (housekeeping is not null)
            {
                await housekeeping.LookAsync(default);
            }
            else
            {
                await SteadyClock.SinceAsync(_db, _clock.GetUtcNow(), default);
            }
        }
    }

    private DateTimeOffset At(double days) => _started.AddDays(days);

    private async Task<Guid> AddMessageAsync(DateTimeOffset at, string status = "received", string? details = null)
    {
        var id = IdSource.Floor(at);
        await RunAsync(
            """
            insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at, details)
            values ($1, $1, $2, $1, $3, 0, 'message.text', 'x', $4, $5, $6::text::jsonb)
            """,
            _tenant, id, status != "received", status, at, (object?)details ?? DBNull.Value);
        return id;
    }

    private Task AddKeyAsync(string name, DateTimeOffset at) => RunAsync(
        "insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id) values ($1, $2, $1, 'message', '', $3)", _tenant, name, IdSource.Floor(at));

    private async Task<List<DateTimeOffset>> MessagesAsync()
    {
        await using var command = _db.CreateCommand("select id from transcript order by id");
        await using var reader = await command.ExecuteReaderAsync();
        var times = new List<DateTimeOffset>();
        while (await reader.ReadAsync())
        {
            times.Add(IdSource.TimeOf(reader.GetGuid(0)));
        }

        return times;
    }

    private async Task<bool> ExistsAsync(string table) => await ScalarAsync($"select to_regclass('{table}') is not null") is true;

    private async Task<long> CountAsync(string table) => (long)(await ScalarAsync($"select count(*) from {table}"))!;

    private async Task RunAsync(string sql, params object[] values)
    {
        await using var command = _db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
