using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Testing;

namespace Channels.Storage.Tests.Transcript;

/// <summary>Until when an echo is held that nobody claims.</summary>
public sealed class HeldEchoTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly DateTimeOffset Noon = OwnMessagesStage.Noon;

    [PostgresTheory]
    [InlineData(29, true)]
    [InlineData(30, false)]
    [InlineData(-20, true)]
    [InlineData(-3600, false)]
    public async Task It_is_held_until_its_time_is_over_and_no_longer_when_the_clock_was_set_back(int secondsLater, bool isHeld)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        await stage.SendingAsync(stage.Where, "ours", state: 2);
        await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-1", "a person's", TimeSpan.FromSeconds(30))] });

        var settled = await stage.SettleEchoesAsync(Noon.AddSeconds(secondsLater));

        Assert.Equal(isHeld, settled.StillHeld);
        Assert.Equal(isHeld ? [] : [stage.Where.Conversation], settled.Takeovers.AsEnumerable());
    }

    [PostgresFact]
    public async Task The_first_copys_echo_ends_a_reply_that_waits_to_be_sent_once_more()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var reply = await stage.SendingAsync(stage.Where, "ours", state: 0, possiblyDuplicate: true);
        await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-1", "ours", TimeSpan.FromSeconds(30))] });
        await stage.RecordAsync(stage.Batch() with { Receipts = [new DeliveryReceipt(stage.Where.Conversation, "P-1", "delivered", null)] });

        var settled = await stage.SettleEchoesAsync(Noon.AddSeconds(1));

        Assert.Equal((false, true), (settled.StillHeld, settled.SettledSends));
        Assert.Equal("delivered|P-1", await stage.ScalarAsync($"select status || '|' || provider_message_id from transcript where id = '{reply.Id}'"));
        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from outbox"));
        Assert.False((await stage.Outbox.BeginSendAsync(stage.Where.Tenant, stage.Where.Account, reply.Id, 2, possiblyDuplicate: true, default)).Begun);
    }

    [PostgresTheory]
    [InlineData(29, true, true)]
    [InlineData(31, true, false)]
    [InlineData(29, false, true)]
    [InlineData(31, false, false)]
    public async Task The_first_copys_echo_is_ours_for_half_an_hour_after_the_reply_was_sent_however_long_that_had_waited(int minutesSinceSent, bool isHeld, bool isOurs)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        await stage.RunAsync(
            $"""
            insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at, sent_at, possibly_duplicate)
            values ('{stage.Where.Tenant}', '{stage.Where.Account}', '{IdSource.Floor(Noon.AddDays(-3))}', '{stage.Where.Conversation}', true, 1, 'message.text', 'ours', 'sent',
                    '{Noon.AddDays(-3):O}', '{Noon.AddMinutes(-minutesSinceSent):O}', true)
            """);
        if (isHeld)
        {
            // Under way in the conversation, which holds the echo back; the text is put right only then.
            var other = await stage.SendingAsync(stage.Where, "another");
            await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-1", "not yet", TimeSpan.FromSeconds(0))] });
            await stage.RunAsync($"update held_echo set text = 'ours'; delete from outbox where message_id = '{other.Id}'");
        }
        else
        {
            await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-1", "ours", TimeSpan.FromSeconds(0))] });
        }

        var settled = await stage.SettleEchoesAsync(Noon);

        Assert.False(settled.StillHeld);
        Assert.Equal(isOurs ? 0L : 1L, await stage.ScalarAsync("select count(*) from transcript where provider_message_id = 'P-1'"));
        Assert.Equal(1L, await stage.ScalarAsync("select count(*) from message_key where provider_message_id = 'P-1'"));
    }

    [PostgresTheory]
    [InlineData(1, "message.image", "echo.image", true)]
    [InlineData(1, "message.location", "echo.interactive", true)]
    [InlineData(2, "message.image", "echo.image", false)]
    [InlineData(1, "message.image", "echo.interactive", false)]
    [InlineData(1, "message.reaction", "echo.interactive", false)]
    [InlineData(1, "message.text", "echo.image", false)]
    public async Task What_has_no_words_is_ours_if_one_of_its_sort_and_no_more_is_of_unknown_outcome(int unknown, string kind, string echo, bool isOurs)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        for (var i = 0; i < unknown; i++)
        {
            await stage.SendingAsync(stage.Where, "", state: 2);
        }

        await stage.RunAsync($"update transcript set kind = '{kind}'");
        var held = stage.Echo(stage.Where, "P-1", "", TimeSpan.FromSeconds(30));
        await stage.RecordAsync(stage.Batch() with { Echoes = [held with { Message = held.Message with { Text = null, Kind = echo } }] });

        var settled = await stage.SettleEchoesAsync(Noon.AddSeconds(1));

        Assert.Equal(isOurs, settled.SettledSends);
        Assert.Equal(isOurs ? 0L : unknown, await stage.ScalarAsync("select count(*) from outbox"));
    }

    [PostgresTheory]
    [InlineData(2, null, true)]
    [InlineData(2, "the provider does not have it", false)]
    [InlineData(0, null, false)]
    public async Task A_picture_without_words_is_not_taken_for_one_that_has_not_left(short state, string? answer, bool isOurs)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        await stage.SendingAsync(stage.Where, "", state, possiblyDuplicate: true);
        await stage.RunAsync($"update transcript set kind = 'message.image'; update outbox set look_up_answer = {(answer is null ? "null" : $"'{answer}'")}");
        var held = stage.Echo(stage.Where, "P-1", "", TimeSpan.FromSeconds(30));
        await stage.RecordAsync(stage.Batch() with { Echoes = [held with { Message = held.Message with { Text = null, Kind = "echo.image" } }] });

        var settled = await stage.SettleEchoesAsync(Noon.AddSeconds(30));

        Assert.Equal(isOurs, settled.SettledSends);
        Assert.Equal(isOurs ? 0L : 1L, await stage.ScalarAsync("select count(*) from outbox"));
        Assert.Equal(isOurs ? [] : [stage.Where.Conversation], settled.Takeovers.AsEnumerable());
    }

    [PostgresTheory]
    [InlineData(29, true)]
    [InlineData(31, false)]
    public async Task The_same_words_half_an_hour_after_the_attempt_are_somebody_elses(int minutesSince, bool isOurs)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        await stage.SendingAsync(stage.Where, "hola", state: 2);
        await stage.RunAsync($"update outbox set sending_since = '{Noon.AddMinutes(-minutesSince):O}'");
        await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-1", "hola", TimeSpan.FromSeconds(30))] });

        var settled = await stage.SettleEchoesAsync(Noon.AddSeconds(30));

        Assert.Equal(isOurs, settled.SettledSends);
        Assert.Equal(isOurs ? [] : [stage.Where.Conversation], settled.Takeovers.AsEnumerable());
    }

    [PostgresTheory]
    [InlineData(10, false)]
    [InlineData(-10, true)]
    public async Task It_takes_nothing_over_where_the_agent_was_resumed_while_it_was_held(int resumedSecondsLater, bool takesOver)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        await stage.SendingAsync(stage.Where, "ours", state: 2);
        await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-1", "a person's", TimeSpan.FromSeconds(30))] });
        await stage.RunAsync($"update conversation set resumed_at = '{Noon.AddSeconds(resumedSecondsLater):O}' where id = '{stage.Where.Conversation}'");

        var settled = await stage.SettleEchoesAsync(Noon.AddSeconds(30));

        Assert.Equal(takesOver ? [stage.Where.Conversation] : [], settled.Takeovers.AsEnumerable());
        Assert.Equal(takesOver, await stage.ScalarAsync($"select paused_until is not null from conversation where id = '{stage.Where.Conversation}'"));
    }
}
