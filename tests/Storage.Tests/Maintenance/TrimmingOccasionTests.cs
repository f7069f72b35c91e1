using Channels.Testing;
using Npgsql;

namespace Channels.Storage.Tests.Maintenance;

/// <summary>A clock that jumps takes nothing with it, a channel that is deleted takes what was its, and files go with the last message that names them.</summary>
public sealed class TrimmingOccasionTests(PostgresFixture postgres) : TrimmingStage(postgres)
{
    [PostgresFact]
    public async Task What_waits_for_a_deleted_channel_goes_and_its_messages_say_why()
    {
        var turn = await AddMessageAsync(At(0));
        var queued = await AddMessageAsync(At(0).AddMinutes(1), "queued");
        var sending = await AddMessageAsync(At(0).AddMinutes(2), "queued");
        await RunAsync("insert into turn (tenant_id, account_id, conversation_id, message_id) values ($1, $1, $1, $2)", Tenant, turn);
        await RunAsync("insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $1, $2, $1, 0, 0, now()), ($1, $1, $3, $1, 1, 1, now())", Tenant, queued, sending);
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
        await RunAsync("insert into conversation (tenant_id, account_id, id, chat_id, chat_type, contact_name, created_at) values ($1, $1, $1, 'c', 'direct', 'n', now())", Tenant);
        await RunAsync("insert into conversation_alias (tenant_id, account_id, alias, conversation_id) values ($1, $1, 'c', $1)", Tenant);
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

        Clock.Advance(TimeSpan.FromDays(200));
        await housekeeping.LookAsync(default);
        await GoOnAsync(0.9, housekeeping);
        var afterTheJump = (await CountAsync("transcript"), await CountAsync("message_key"));
        await GoOnAsync(0.2, housekeeping);

        Assert.Equal((1L, 1L), afterTheJump);
        Assert.Contains(Log.Entries, entry => entry.Message.StartsWith("Nothing is trimmed before 2026-07-21", StringComparison.Ordinal));
        Assert.Equal((0L, 0L), (await CountAsync("transcript"), await CountAsync("message_key")));
    }

    [PostgresFact]
    public async Task A_clock_that_is_set_right_again_counts_as_a_jump_as_well()
    {
        Clock.Advance(TimeSpan.FromDays(200));
        await Housekeeping().LookAsync(default);

        var right = new ManualClock(Started.AddHours(1));
        await AddMessageAsync(At(-400));
        await Housekeeping(clock: right).LookAsync(default);

        Assert.Equal(1, await CountAsync("transcript"));
    }

    [PostgresFact]
    public async Task Only_one_process_does_it()
    {
        await AddMessageAsync(At(-400));
        await using var other = await Db.OpenConnectionAsync();
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
        await AddMessageAsync(Clock.GetUtcNow(), details: $$"""{"media_id":"{{named}}"}""");

        await Housekeeping().LookAsync(default);

        Assert.Equal((true, false, true), (await IsThereAsync(named), await IsThereAsync(unnamed), await IsThereAsync(young)));
        Assert.Contains(Log.Entries, entry => entry.Message.StartsWith("Deleted 1 files, 7 bytes", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task A_file_that_was_put_aside_by_a_process_that_died_is_put_back()
    {
        var reference = await SaveAsync("brought again");
        var path = Directory.EnumerateFiles(Files.Path, "*", SearchOption.AllDirectories).Single();
        File.Move(path, $"{path}.aside");

        await Housekeeping().LookAsync(default);

        Assert.True(await IsThereAsync(reference));
    }
}
