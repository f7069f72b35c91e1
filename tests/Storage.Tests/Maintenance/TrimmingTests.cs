using Channels.Core.Ids;
using Channels.Storage.Maintenance;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Channels.Storage.Tests.Maintenance;

/// <summary>What is past its keep goes, and what is not finished stays.</summary>
public sealed class TrimmingTests(PostgresFixture postgres) : TrimmingStage(postgres)
{
    [PostgresFact]
    public async Task A_week_past_its_keep_is_dropped_and_said_and_a_younger_one_stays()
    {
        await AddMessageAsync(At(0));
        await AddMessageAsync(At(20));

        await GoOnAsync(40);
        await Housekeeping().LookAsync(default);

        Assert.Equal([At(20)], await MessagesAsync());
        Assert.False(await ExistsAsync("transcript_20251229"));
        Assert.Contains(Log.Entries, entry => entry.Message.StartsWith("Dropped transcript_20251229", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task A_part_that_fails_keeps_no_other_from_going_on_and_is_named()
    {
        await AddMessageAsync(At(0));
        await RunAsync("alter table unrouted_webhook rename to elsewhere");

        await GoOnAsync(40);
        await Housekeeping().LookAsync(default);

        Assert.Empty(await MessagesAsync());
        Assert.Contains(Log.Entries, entry => entry.Message.StartsWith("Housekeeping could not finish unrouted webhooks (PostgresException 42P01)", StringComparison.Ordinal));
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
        Assert.Contains(Log.Entries, entry => entry.Message.StartsWith("Trimmed 1 rows of transcript_default from before", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task A_keep_that_began_before_1970_deletes_nothing_and_gives_up_no_reply()
    {
        await AddMessageAsync(At(-400));
        var unknown = await AddMessageAsync(At(0), "unknown");
        await RunAsync("insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $1, $2, $1, 2, 1, now())", Tenant, unknown);

        await Housekeeping(messageDays: 36_500).LookAsync(default);

        Assert.Equal([At(-400), At(0)], await MessagesAsync());
        Assert.Equal(unknown, await ScalarAsync("select message_id from outbox"));
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
        await RunAsync(unfinished, Tenant, id);
        await RunAsync(unfinished.Replace("'p'", "'q'", StringComparison.Ordinal), Tenant, older);

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
            await RunAsync("insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $1, $2, $1, 2, 1, now())", Tenant, id);
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
        await RunAsync("insert into turn (tenant_id, account_id, conversation_id, message_id) values ($1, $1, $1, $2)", Tenant, id);
        await GoOnAsync(90);
        await using var connection = await Db.OpenConnectionAsync();
        await using var reading = await connection.BeginTransactionAsync();
        await using (var look = new NpgsqlCommand("select count(*) from transcript", connection))
        {
            await look.ExecuteScalarAsync();
        }

        var weeks = await TimePartitions.DropAsync(Db, TimePartitions.Transcript, At(60), default);

        Assert.Equal(PastWeekOutcome.Needed, weeks.Single(week => week.Name == "transcript_20251229").Outcome);
    }

    [PostgresFact]
    public async Task Webhooks_that_wait_or_are_parked_stay_whatever_their_age()
    {
        await RunAsync("insert into inbox (tenant_id, account_id, id, received_at, path, body) values ($1, $1, $2, now() - interval '3 years', '', '')", Tenant, IdSource.Floor(At(-900)));
        await RunAsync(
            "insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body) values ($1, $1, $2, now() - interval '3 years', now() - interval '3 years', 'r', '', '')",
            Tenant, IdSource.Floor(At(-900)));
        await RunAsync("update account set deleted_at = $1", At(-800));

        await Housekeeping().LookAsync(default);

        Assert.Equal((1L, 1L), (await CountAsync("inbox"), await CountAsync("parked_webhook")));
    }

    [PostgresFact]
    public async Task A_week_in_use_is_left_and_nobody_waits_for_it()
    {
        await AddMessageAsync(At(0));
        await GoOnAsync(40);
        await using var connection = await Db.OpenConnectionAsync();
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
        Assert.Contains(Log.Entries, entry => entry.Message.StartsWith("transcript_20251229 is past its keep but in use", StringComparison.Ordinal));
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
            await RunAsync("insert into account_status_history (tenant_id, account_id, id, status, at) values ($1, $1, $2, 'active', $3)", Tenant, IdSource.Floor(at), at);
            await RunAsync(
                "insert into replay (tenant_id, id, rate, matched, created_at, after_id, state, ended_at) values ($1, $2, 1, 1, $3, $1, 'done', $3)", Tenant, IdSource.Floor(at), at);
        }

        await RunAsync("insert into replay (tenant_id, id, rate, matched, created_at, after_id, state) values ($1, $1, 1, 1, $2, $1, 'running')", Tenant, At(-300));

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
}
