using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Conversations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Storage.Tests.Transcript;

/// <summary>Two conversations become one while something goes on in the one that goes.</summary>
public sealed class MergeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [PostgresFact]
    public async Task A_reply_that_was_under_way_is_known_by_its_echo_where_it_belongs_now()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var kept = await stage.ConversationAsync("1@lid");
        var reply = await stage.SendingAsync(stage.Where, "hola");

        await stage.Transcript.MergeAsync(kept, stage.Where.Conversation, default);
        await stage.SettleAsync(reply, new SendOutcome.Accepted("P-1"));

        await AssertOursAsync(stage, kept);
        Assert.Equal(kept.Conversation.Value, await stage.ScalarAsync("select conversation_id from event where type = 'delivery.updated'"));
    }

    [PostgresTheory]
    [InlineData("447700900321", true, "447700900555")]
    [InlineData("447700900999", false, "447700900321")]
    public async Task A_conversation_moves_from_where_it_went_until_now_and_from_nowhere_else(string from, bool moves, string goesTo)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var where = await stage.ConversationAsync("447700900321");
        var other = await stage.ConversationAsync("447700900322");

        Assert.Equal(moves, await stage.Transcript.MoveAsync(where, from, "447700900555", default));

        Assert.Equal(goesTo, await stage.ScalarAsync($"select chat_id from conversation where id = '{where.Conversation}'"));
        Assert.Equal("447700900322", await stage.ScalarAsync($"select chat_id from conversation where id = '{other.Conversation}'"));
    }

    [PostgresFact]
    public async Task A_reply_that_is_settled_at_the_moment_of_the_merge_is_known_as_well()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var kept = await stage.ConversationAsync("1@lid");
        var reply = await stage.SendingAsync(stage.Where, "hola");

        await stage.TogetherAsync(
            () => stage.Transcript.MergeAsync(kept, stage.Where.Conversation, default),
            () => stage.SettleAsync(reply, new SendOutcome.Accepted("P-1")));

        // In one transaction, hence in one lane: nothing is half done when the other begins.
        Assert.Equal(
            await stage.ScalarAsync("select xid::text from event where type = 'delivery.updated'"),
            await stage.ScalarAsync($"select xmin::text from conversation where id = '{stage.Where.Conversation}'"));
        await AssertOursAsync(stage, kept);
    }

    [PostgresFact]
    public async Task A_turn_that_ends_at_the_moment_of_the_merge_leaves_its_reply_where_it_belongs_now()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var kept = await stage.ConversationAsync("1@lid");
        await using var loader = new ConversationLoader(stage.Database, NullLogger<ConversationLoader>.Instance);
        var store = new PostgresConversations(stage.Writer, loader, stage.Database, TimeProvider.System);
        var turn = new MessageId(stage.Next());
        var reply = new QueuedReply(new(stage.Next()), stage.Where.Conversation, "549", "hola", ReplyTo: null);
        await stage.RunAsync(
            $"insert into turn (tenant_id, account_id, conversation_id, message_id) values ('{stage.Where.Tenant}', '{stage.Where.Account}', '{stage.Where.Conversation}', '{turn}')");

        await stage.TogetherAsync(
            () => stage.Transcript.MergeAsync(kept, stage.Where.Conversation, default),
            async () => Assert.True((await store.FinishTurnAsync(new TurnFinish(stage.Where, [turn], [reply], Reason: null, AgentFailed: false), default)).Ended));

        Assert.Equal(kept.Conversation.Value, await stage.ScalarAsync("select conversation_id from outbox"));
        Assert.Equal(kept.Conversation.Value, await stage.ScalarAsync("select conversation_id from transcript"));
        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from turn"));
    }

    [PostgresFact]
    public async Task What_is_queued_for_the_one_that_went_goes_to_the_one_it_went_into()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var kept = await stage.ConversationAsync("1@lid");
        await using var loader = new ConversationLoader(stage.Database, NullLogger<ConversationLoader>.Instance);
        var store = new PostgresConversations(stage.Writer, loader, stage.Database, TimeProvider.System);
        var reply = new QueuedReply(new(stage.Next()), stage.Where.Conversation, "549", "hola", ReplyTo: null);
        await stage.Transcript.MergeAsync(kept, stage.Where.Conversation, default);

        await store.QueueAsync(stage.Where, reply, Author.Person, default);

        Assert.Equal(kept.Conversation.Value, await stage.ScalarAsync("select conversation_id from outbox"));
        Assert.Equal(kept.Conversation.Value, await stage.ScalarAsync("select conversation_id from transcript"));
    }

    [PostgresFact]
    public async Task Who_was_led_to_the_one_that_goes_is_led_on_and_nobody_in_a_circle()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var (first, second, third) = (stage.Where, await stage.ConversationAsync("1@lid"), await stage.ConversationAsync("2@lid"));

        await stage.Transcript.MergeAsync(second, first.Conversation, default);
        await stage.Transcript.MergeAsync(third, second.Conversation, default);
        Assert.Equal(2L, await stage.ScalarAsync($"select count(*) from conversation where merged_into = '{third.Conversation}' and id in ('{first.Conversation}', '{second.Conversation}')"));

        // Whoever has not heard of it merges into one that went before.
        await stage.Transcript.MergeAsync(first, third.Conversation, default);
        Assert.Equal(2L, await stage.ScalarAsync($"select count(*) from conversation where merged_into = '{first.Conversation}' and id <> merged_into"));
        Assert.Equal(DBNull.Value, await stage.ScalarAsync($"select merged_into from conversation where id = '{first.Conversation}'"));
    }

    [PostgresFact]
    public async Task Chains_of_the_version_before_are_followed_to_their_end_once()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var (first, second, third) = (stage.Where.Conversation, (await stage.ConversationAsync("1@lid")).Conversation, (await stage.ConversationAsync("2@lid")).Conversation);
        var (one, other) = ((await stage.ConversationAsync("3@lid")).Conversation, (await stage.ConversationAsync("4@lid")).Conversation);
        await stage.RunAsync(
            $"""
            update conversation c set merged_into = w.into_id
            from (values ('{first}'::uuid, '{second}'::uuid), ('{second}', '{third}'), ('{one}', '{other}'), ('{other}', '{one}')) as w (id, into_id) where c.id = w.id;
            drop index conversation_merged;
            delete from schema_migration where name like '%merged_conversations.sql'
            """);

        await stage.MigrateAsync();

        Assert.Equal(2L, await stage.ScalarAsync($"select count(*) from conversation where merged_into = '{third}' and id in ('{first}', '{second}')"));
        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from conversation where merged_into = id"));
    }

    [PostgresFact]
    public async Task A_long_conversation_moves_whole_with_its_keys_in_transactions_of_a_thousand_messages()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var kept = await stage.ConversationAsync("1@lid");
        await stage.RunAsync(
            $"""
            insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, provider_message_id, text, status, occurred_at)
            select '{stage.Where.Tenant}', '{stage.Where.Account}', ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '{stage.Where.Conversation}', false, 0, 'message.text', 'P' || n, 'x', 'received', now()
            from generate_series(1, 2500) as n;
            insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id, repeats)
            select account_id, provider_message_id, conversation_id, 'message', '', id, 3 from transcript;
            insert into conversation_alias (tenant_id, account_id, alias, conversation_id) values ('{stage.Where.Tenant}', '{stage.Where.Account}', '549', '{stage.Where.Conversation}')
            """);

        await stage.Transcript.MergeAsync(kept, stage.Where.Conversation, default);

        Assert.Equal(2_500L, await stage.ScalarAsync($"select count(*) from transcript where conversation_id = '{kept.Conversation}'"));
        Assert.Equal(2_500L, await stage.ScalarAsync($"select count(*) from message_key where conversation_id = '{kept.Conversation}' and repeats = 3"));
        Assert.Equal(kept.Conversation.Value, await stage.ScalarAsync("select conversation_id from conversation_alias"));
        Assert.Equal(1_000L, await stage.ScalarAsync("select max(n) from (select count(*) as n from transcript group by xmin::text) as moved"));
    }

    [PostgresFact]
    public async Task A_merge_that_broke_off_is_begun_anew_because_the_aliases_still_lead_to_two()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var kept = await stage.ConversationAsync("1@lid");
        await stage.RunAsync(
            $"""
            insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at)
            select '{stage.Where.Tenant}', '{stage.Where.Account}', ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '{stage.Where.Conversation}', false, 0, 'message.text', 'x', 'received', now()
            from generate_series(1, 1001) as n;
            insert into conversation_alias (tenant_id, account_id, alias, conversation_id) values ('{stage.Where.Tenant}', '{stage.Where.Account}', '549', '{stage.Where.Conversation}')
            """);

        var piece = new Storage.Transcript.MergeOperation(kept, stage.Where.Conversation);
        await stage.Writer.RunAsync(piece, default);

        Assert.False(piece.IsDone);
        Assert.Equal(stage.Where.Conversation.Value, await stage.ScalarAsync("select conversation_id from conversation_alias"));
        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from conversation where merged_into is not null"));
    }

    private static async Task AssertOursAsync(OwnMessagesStage stage, ConversationRef kept)
    {
        var recorded = await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(kept, "P-1", "hola", Patience)] });

        Assert.Empty(recorded.Takeovers);
        Assert.Equal(1L, await stage.ScalarAsync($"select count(*) from transcript where conversation_id = '{kept.Conversation}' and status = 'sent'"));
        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from conversation where paused_until is not null"));
    }
}
