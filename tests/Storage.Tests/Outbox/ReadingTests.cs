using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Outbox;

/// <summary>What delivery reads of the outbox, by conversations.</summary>
public sealed class ReadingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task Replies_are_found_by_age_page_by_page_and_those_of_unknown_outcome_are_not()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var (where, foreign) = (await stage.ChannelAsync(), await stage.ChannelAsync());
        var (first, unknown, second) = (await stage.ReplyAsync(where), await stage.ReplyAsync(where), await stage.ReplyAsync(await stage.ConversationAsync(where)));
        await stage.ReplyAsync(foreign);
        await stage.RunAsync("update outbox set state = 2 where message_id = $1", unknown.Id.Value);

        var page = await stage.Outbox.FindAsync(where.Tenant, where.Account, after: null, 1, default);
        var next = await stage.Outbox.FindAsync(where.Tenant, where.Account, page[0].Id, 10, default);

        Assert.Equal([new WaitingId(first.Id, first.Conversation)], page.ToArray());
        Assert.Equal([new WaitingId(second.Id, second.Conversation)], next.ToArray());
    }

    [PostgresFact]
    public async Task Whatever_a_reply_consists_of_comes_back_out_of_the_table()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        OutboundContent[] contents =
        [
            new OutboundContent.File(FileForm.Document, "https://f.example/a.pdf", null, "application/pdf", "a.pdf"),
            new OutboundContent.File(FileForm.Voice, null, "sha256-00", null, null),
            new OutboundContent.Place(41.1, -8.6, "Porto", "Rua 1"),
            new OutboundContent.Cards([new("Ana", "351900000001")]),
            new OutboundContent.Reaction("wamid.1", "", true, "549@s.whatsapp.net"),
            new OutboundContent.Template("order_ready", "pt_PT", """[{"type":"body"}]"""),
            new OutboundContent.Interactive("H", "F", [new("y", "Yes")], null, []),
            new OutboundContent.Interactive(null, null, [], "Choose", [new("S", [new("1", "One", null)])]),
        ];
        Assert.Equal(typeof(OutboundContent).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(OutboundContent))).ToHashSet(), contents.Select(content => content.GetType()).ToHashSet());
        foreach (var content in contents)
        {
            await stage.ReplyAsync(where, content: content);
        }

        var rows = (await stage.Outbox.LoadAsync(where.Tenant, where.Account, [where.Conversation], contents.Length, default)).Rows;

        Assert.Equal(contents.Select(OutboundContentJson.Write), rows.Select(row => OutboundContentJson.Write(row.Reply.Content)));
        Assert.All(rows, row => Assert.False(row.IsUnreadable));
    }

    [PostgresTheory]
    [InlineData("""{"type":"song"}""")]
    [InlineData("""{"title":"of no type"}""")]
    [InlineData("5")]
    public async Task One_that_cannot_be_read_says_so_and_the_others_are_read(string content)
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        QueuedReply[] replies = [await stage.ReplyAsync(where), await stage.ReplyAsync(where)];
        await stage.RunAsync("update outbox set content = $2::jsonb where message_id = $1", replies[0].Id.Value, content);

        var rows = (await stage.Outbox.LoadAsync(where.Tenant, where.Account, [where.Conversation], 2, default)).Rows;

        Assert.Equal([(replies[0].Id, true), (replies[1].Id, false)], rows.Select(row => (row.Reply.Id, row.IsUnreadable)));
    }

    [PostgresFact]
    public async Task The_first_few_of_each_conversation_are_read_whatever_else_waits_and_whoever_asks()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var (many, foreign) = (await stage.ChannelAsync(), await stage.ChannelAsync());
        var few = await stage.ConversationAsync(many);
        QueuedReply[] replies = [await stage.ReplyAsync(many, "1"), await stage.ReplyAsync(few, "a"), await stage.ReplyAsync(many, "2"), await stage.ReplyAsync(many, "3")];
        await stage.ReplyAsync(foreign);

        var rows = (await stage.Outbox.LoadAsync(many.Tenant, many.Account, [few.Conversation, many.Conversation, foreign.Conversation], 2, default)).Rows;

        Assert.Equal([replies[1], replies[0], replies[2]], rows.Select(row => row.Reply));
    }

    [PostgresFact]
    public async Task Long_ones_are_read_a_few_at_a_time_and_who_asked_is_told_that_there_may_be_more()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var first = await stage.ChannelAsync();
        var (second, third) = (await stage.ConversationAsync(first), await stage.ConversationAsync(first));
        var longest = await stage.ReplyAsync(second, new string('a', 9_000_000));
        QueuedReply[] replies = [await stage.ReplyAsync(first, "1"), await stage.ReplyAsync(first, new string('a', 8_300_000)), longest, await stage.ReplyAsync(second, "2"), await stage.ReplyAsync(third, "3")];
        Task<OutboxPage> LoadAsync(params ConversationRef[] of) => stage.Outbox.LoadAsync(first.Tenant, first.Account, [.. of.Select(one => one.Conversation)], 10, default);

        var (page, alone, rest) = (await LoadAsync(first, second, third), await LoadAsync(second), await LoadAsync(third, first));

        Assert.Equal([replies[0], replies[1], replies[2]], page.Rows.Select(row => row.Reply));
        Assert.Equal([replies[2]], alone.Rows.Select(row => row.Reply));
        Assert.Equal([replies[4], replies[0], replies[1]], rest.Rows.Select(row => row.Reply));
        Assert.Equal([true, true, false], new[] { page, alone, rest }.Select(one => one.IsCut));
        Assert.Equal([1, 1, 8_300_000], rest.Rows.Select(row => row.Size));
    }

    [PostgresFact]
    public async Task A_hundred_thousand_in_one_conversation_cost_no_more_than_the_few_that_are_wanted()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        var first = await stage.ReplyAsync(where, "first");
        await stage.Outbox.LoadAsync(where.Tenant, where.Account, [where.Conversation], 10, default);
        await stage.RunAsync(
            """
            insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at)
            select $1, $2, ('ffffffff-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $3, 0, 0, now() from generate_series(1, 100000) n
            """,
            where.Tenant.Value, where.Account.Value, where.Conversation.Value);
        var other = await stage.ReplyAsync(await stage.ConversationAsync(where), "other");

        var rows = (await stage.Outbox.LoadAsync(where.Tenant, where.Account, [where.Conversation, other.Conversation], 2, default)).Rows;

        // The hundred thousand have no words: they are counted by what the index was asked for.
        Assert.Equal([first, other], rows.Select(row => row.Reply));
        Assert.InRange(await ReadOfIndexAsync(stage), 1, 100);
    }

    // Each connection of the pool tells what it has read when it is told to.
    private static async Task<long> ReadOfIndexAsync(OutboxStage stage)
    {
        await using (var command = stage.Database.Pipeline.CreateCommand("select pg_stat_force_next_flush()"))
        {
            await command.ExecuteNonQueryAsync();
        }

        return (long)(await stage.ScalarAsync("select idx_tup_read from pg_stat_user_indexes where indexrelname = 'outbox_by_conversation'"))!;
    }
}
