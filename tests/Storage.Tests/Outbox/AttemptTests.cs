using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Outbox;

/// <summary>Two deliveries of one account at once, as there may be for a moment while a silo is being replaced.</summary>
public sealed class AttemptTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task Of_two_who_begin_the_same_attempt_one_may_make_it()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        var reply = await stage.ReplyAsync(where);

        Assert.True((await BeginAsync(stage, where, reply, 1)).Begun);
        Assert.False((await BeginAsync(stage, where, reply, 1)).Begun);

        // Who did not hear the answer reads it as one that a crash cut off, and begins the next.
        Assert.Equal("1 1", await StandsAsync(stage));
        Assert.True((await BeginAsync(stage, where, reply, 2)).Begun);
    }

    [PostgresFact]
    public async Task What_became_of_an_attempt_that_another_has_followed_settles_nothing_unless_it_was_sent()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        var reply = await stage.ReplyAsync(where);
        await BeginAsync(stage, where, reply, 1);
        await BeginAsync(stage, where, reply, 2);

        Assert.False(await SettleAsync(stage, where, reply, 1, new SendOutcome.TryLater(TimeSpan.FromSeconds(5), "unavailable", "503")));
        Assert.False(await SettleAsync(stage, where, reply, 1, new SendOutcome.Unknown("timeout")));
        Assert.False(await SettleAsync(stage, where, reply, 1, new SendOutcome.Refused("rejected", "no")));

        Assert.Equal("1 2", await StandsAsync(stage));
        Assert.Equal("queued", await stage.ScalarAsync("select status from transcript"));
        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from event"));
        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from channel_counter"));

        Assert.False(await SettleAsync(stage, where, reply, 1, new SendOutcome.Accepted("P-1")));
        Assert.Equal("sent", await stage.ScalarAsync("select status from transcript"));
        Assert.Null(await StandsAsync(stage));
        Assert.Equal(1L, await stage.ScalarAsync("select messages_sent from channel_counter"));
    }

    [PostgresTheory]
    [InlineData("state = 0", true)]
    [InlineData("attempts = 1", false)]
    [InlineData("state = 1, attempts = 1", false)]
    [InlineData("state = 1", false)]
    [InlineData("state = 2", false)]
    [InlineData("possibly_duplicate = true", false)]
    public async Task What_is_not_tried_any_more_fails_without_being_begun_while_it_waits_as_it_was_read_and_has_not_left(string stands, bool fails)
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        var reply = await stage.ReplyAsync(where);
        await stage.RunAsync($"update outbox set {stands}");

        var settled = await stage.Outbox.SettleAsync(
            new(where.Tenant, where.Account, reply, new SendOutcome.Refused("too-old", "It waited."), OutboxStage.Now, Attempt: 0) { IsBegun = false }, default);

        Assert.Equal(fails, settled);
        Assert.Equal(fails ? "failed" : "queued", await stage.ScalarAsync("select status from transcript"));
        Assert.Equal(fails ? 0L : 1L, await stage.ScalarAsync("select count(*) from outbox"));
        Assert.Equal(fails ? 1L : 0L, await stage.ScalarAsync("select count(*) from event"));
    }

    [PostgresFact]
    public async Task What_is_settled_as_sent_does_not_fail_by_what_became_of_its_attempt()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        var reply = await stage.ReplyAsync(where);
        await BeginAsync(stage, where, reply, 1);
        await SettleAsync(stage, where, reply, 1, new SendOutcome.Accepted("P-1"));

        Assert.False(await SettleAsync(stage, where, reply, 1, new SendOutcome.Refused("rejected", "no")));

        Assert.Equal("sent", await stage.ScalarAsync("select status from transcript"));
        Assert.Equal(0L, await stage.ScalarAsync("select messages_failed from channel_counter"));
    }

    [PostgresFact]
    public async Task A_settlement_whose_answer_was_lost_is_up_to_date_when_it_is_repeated_and_changes_nothing_twice()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        var reply = await stage.ReplyAsync(where);
        await BeginAsync(stage, where, reply, 1);
        Task<bool> UnknownAsync() => SettleAsync(stage, where, reply, 1, new SendOutcome.Unknown("timeout"));

        Assert.True(await UnknownAsync());
        Assert.True(await UnknownAsync());
        Assert.Equal("2 1", await StandsAsync(stage));
        Assert.Equal(1L, await stage.ScalarAsync("select count(*) from event"));

        // A person had it sent once more meanwhile.
        await stage.RunAsync("update outbox set state = 0");
        Assert.True(await UnknownAsync());
        Assert.Equal("0 1", await StandsAsync(stage));
    }

    private static Task<SendStart> BeginAsync(OutboxStage stage, ConversationRef where, QueuedReply reply, int attempt) =>
        stage.Outbox.BeginSendAsync(where.Tenant, where.Account, reply.Id, attempt, possiblyDuplicate: attempt > 1, default);

    private static Task<bool> SettleAsync(OutboxStage stage, ConversationRef where, QueuedReply reply, int attempt, SendOutcome outcome) =>
        stage.Outbox.SettleAsync(new(where.Tenant, where.Account, reply, outcome, OutboxStage.Now.AddSeconds(5), attempt), default);

    private static Task<object?> StandsAsync(OutboxStage stage) => stage.ScalarAsync("select state || ' ' || attempts from outbox");
}
