using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Core;
using Channels.Core.Transcript;
using Channels.Testing;

namespace Channels.Api.Tests.Conversations;

public sealed class ConversationTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task Messages_are_the_newest_ones_oldest_first()
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        foreach (var number in Enumerable.Range(1, 5))
        {
            await Seed.MessageAsync(host, tenant.Id, channel, conversation, $"message {number}");
        }

        var newest = await (await tenant.Http.GetAsync($"/api/v1/conversations/{conversation}/messages?limit=2")).JsonAsync();
        var before = await (await tenant.Http.GetAsync($"/api/v1/conversations/{conversation}/messages?limit=2&page=2")).JsonAsync();
        var most = await (await tenant.Http.GetAsync($"/api/v1/conversations/{conversation}/messages?limit=5000")).JsonAsync();

        Assert.Equal(["message 4", "message 5"], Texts(newest));
        Assert.Equal(["message 2", "message 3"], Texts(before));
        Assert.Equal(5, newest.GetProperty("total").GetInt32());
        Assert.Equal(1000, most.GetProperty("limit").GetInt32());
    }

    [PostgresFact]
    public async Task Pages_of_messages_from_one_moment_neither_lose_nor_double_nor_reorder_any()
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var said = new List<Guid>();
        foreach (var number in Enumerable.Range(1, 200))
        {
            said.Add(await Seed.MessageAsync(host, tenant.Id, channel, conversation, $"message {number}"));
        }

        await Seed.RunAsync(host.Db, "update transcript set occurred_at = '2026-01-01 12:00:00+00' where conversation_id = $1", conversation);

        // Page 1 ends the conversation: what comes later is put before it.
        var read = new List<Guid>();
        for (var page = 1; page <= 12; page++)
        {
            var list = await (await tenant.Http.GetAsync($"/api/v1/conversations/{conversation}/messages?limit=17&page={page}")).JsonAsync();
            Assert.Equal((200, page), (list.GetProperty("total").GetInt32(), list.GetProperty("page").GetInt32()));
            read.InsertRange(0, list.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetGuid()));
        }

        Assert.Equal(said, read);
    }

    [PostgresFact]
    public async Task A_message_shows_what_its_kind_needs()
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        await Seed.MessageAsync(
            host, tenant.Id, channel, conversation, "look", details: """{"media":{"mime":"image/jpeg","size":5},"reply_to":"Q","kind":"forged","id":"forged"}""");

        var list = await (await tenant.Http.GetAsync($"/api/v1/conversations/{conversation}/messages")).JsonAsync();

        var message = Assert.Single(list.GetProperty("messages").EnumerateArray());
        Assert.Equal("in", message.GetProperty("direction").GetString());
        Assert.Equal("message.text", message.GetProperty("kind").GetString());
        Assert.Equal("image/jpeg", message.GetProperty("media").GetProperty("mime").GetString());
        Assert.Equal("Q", message.GetProperty("reply_to").GetString());
        Assert.Equal("Ana", message.GetProperty("sender").GetProperty("name").GetString());
        Assert.Equal("P-1", message.GetProperty("provider_message_id").GetString());
        Assert.False(message.GetProperty("possibly_duplicate").GetBoolean());
    }

    [PostgresTheory]
    [InlineData(0, "queued")]
    [InlineData(1, "sending")]
    [InlineData(2, "unknown")]
    public async Task A_queued_message_shows_what_the_outbox_knows(int state, string status)
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var message = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "reply", outbound: true, status: "queued");
        await Seed.RunAsync(
            host.Db,
            "insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $2, $3, $4, $5, 1, now())",
            tenant.Id.Value, channel, message, conversation, state);

        var list = await (await tenant.Http.GetAsync($"/api/v1/conversations/{conversation}/messages")).JsonAsync();

        Assert.Equal(status, list.GetProperty("messages")[0].GetProperty("status").GetString());
        Assert.Equal("out", list.GetProperty("messages")[0].GetProperty("direction").GetString());
    }

    [PostgresFact]
    public async Task Conversations_are_found_by_channel_and_by_contact()
    {
        var (tenant, channel, conversation) = await ConversationAsync();

        var byChannel = await (await tenant.Http.GetAsync($"/api/v1/conversations?channel_id={channel}&search=ana")).JsonAsync();
        var byOther = await (await tenant.Http.GetAsync($"/api/v1/conversations?channel_id={Seed.NewId()}")).JsonAsync();

        Assert.Equal(conversation, byChannel.GetProperty("conversations")[0].GetProperty("id").GetGuid());
        Assert.Equal("5491122223333", byChannel.GetProperty("conversations")[0].GetProperty("contact").GetProperty("id").GetString());
        Assert.Equal(0, byOther.GetProperty("total").GetInt32());
        await (await tenant.Http.GetAsync("/api/v1/conversations?channel_id=x")).ProblemAsync(400, "invalid_parameter");
    }

    [PostgresFact]
    public async Task A_merged_conversation_answers_as_the_one_it_went_into()
    {
        var (tenant, channel, kept) = await ConversationAsync();
        var gone = await Seed.ConversationAsync(host, tenant.Id, channel, "lid");
        await Seed.RunAsync(host.Db, "update conversation set merged_into = $2 where id = $1", gone, kept);

        var answer = await (await tenant.Http.GetAsync($"/api/v1/conversations/{gone}")).JsonAsync();

        Assert.Equal(kept, answer.GetProperty("id").GetGuid());
    }

    [PostgresFact]
    public async Task A_persons_message_goes_to_the_conversations_grain()
    {
        var (tenant, channel, conversation) = await ConversationAsync();

        var answer = await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { text = "hello" })).JsonAsync(HttpStatusCode.Accepted);

        var sent = host.Grains.Sent.Single(sent => sent.Conversation.Conversation.Value == conversation);
        Assert.Equal("queued", answer.GetProperty("status").GetString());
        Assert.Equal(answer.GetProperty("id").GetGuid(), sent.Message.Value);
        Assert.Equal((tenant.Id, channel, "hello", Author.Person), (sent.Conversation.Tenant, sent.Conversation.Account.Value, sent.Draft.Text, sent.Draft.Author));
    }

    [PostgresTheory]
    [InlineData("{}")]
    [InlineData("""{"text":""}""")]
    [InlineData("""{"text":"a\u0000b"}""")]
    [InlineData("""{"text":"a\udc00b"}""")]
    [InlineData("""{"text":7}""")]
    public async Task A_message_needs_a_text_that_can_be_kept(string body)
    {
        var (tenant, _, conversation) = await ConversationAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/conversations/{conversation}/messages", body)).ProblemAsync(422, "invalid_fields");

        Assert.Equal(["text"], problem.Fields());
    }

    [PostgresTheory]
    [InlineData("0")]
    [InlineData("0.5")]
    [InlineData("1.5")]
    [InlineData("31536001")]
    public async Task A_pause_has_whole_seconds(string seconds)
    {
        var (tenant, _, conversation) = await ConversationAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/conversations/{conversation}/pause", $$"""{"seconds":{{seconds}}}""")).ProblemAsync(422, "invalid_fields");

        Assert.Equal(["seconds"], problem.Fields());
    }

    [PostgresFact]
    public async Task The_agent_is_paused_and_resumed()
    {
        var (tenant, _, conversation) = await ConversationAsync();

        var paused = await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/pause", new { seconds = 60 })).JsonAsync();
        var resumed = await (await tenant.Http.PostAsync($"/api/v1/conversations/{conversation}/resume", null)).JsonAsync();
        var refused = await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/pause", new { seconds = -1 });

        Assert.True(paused.GetProperty("agent_paused").GetBoolean());
        Assert.False(resumed.GetProperty("agent_paused").GetBoolean());
        await refused.ProblemAsync(422, "invalid_fields");
    }

    [PostgresFact]
    public async Task What_a_conversation_goes_into_while_it_is_paused_is_paused_as_well()
    {
        var (tenant, channel, kept) = await ConversationAsync();
        var gone = await Seed.ConversationAsync(host, tenant.Id, channel, "lid");
        var told = new List<Guid>();
        host.Grains.Pausing = conversation =>
        {
            told.Add(conversation.Conversation.Value);
            return Seed.RunAsync(host.Db, "update conversation set merged_into = $2 where id = $1", gone, kept);
        };

        var answer = await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{gone}/pause", new { seconds = 60 })).JsonAsync();
        host.Grains.Pausing = null;

        Assert.Equal([gone, kept], told);
        Assert.Equal((kept, true), (answer.GetProperty("id").GetGuid(), answer.GetProperty("agent_paused").GetBoolean()));
    }

    [PostgresFact]
    public async Task A_pause_that_may_be_written_is_not_said_to_be_undone()
    {
        var (tenant, _, conversation) = await ConversationAsync();
        host.Grains.Pausing = _ => throw new StoreUnavailableException();

        var answer = await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/pause", new { seconds = 60 });
        host.Grains.Pausing = null;

        await answer.ProblemAsync(503, "busy");
    }

    [PostgresFact]
    public async Task Events_are_read_on_by_cursor_and_a_late_commit_is_not_skipped()
    {
        var (tenant, channel, _) = await ConversationAsync();
        await using var late = await host.Db.OpenConnectionAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await using (var insert = new Npgsql.NpgsqlCommand("insert into event (tenant_id, id, type, data) values ($1, $2, 'late', '{}')", late, transaction))
        {
            insert.Parameters.Add(new() { Value = tenant.Id.Value });
            insert.Parameters.Add(new() { Value = Seed.NewId() });
            await insert.ExecuteNonQueryAsync();
        }

        await Seed.EventAsync(host, tenant.Id, channel);
        var meanwhile = await (await tenant.Http.GetAsync("/api/v1/events")).JsonAsync();
        await transaction.CommitAsync();
        var after = await Asking.EventuallyAsync(
            "both events",
            async () => await (await tenant.Http.GetAsync($"/api/v1/events?after={meanwhile.GetProperty("cursor")}")).JsonAsync(),
            list => list.GetProperty("events").GetArrayLength() == 2);
        var end = await (await tenant.Http.GetAsync($"/api/v1/events?after={after.GetProperty("cursor")}")).JsonAsync();

        Assert.Equal(0, meanwhile.GetProperty("events").GetArrayLength());
        Assert.Equal(["late", "message.received"], after.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("type").GetString()));
        Assert.Equal(0, end.GetProperty("events").GetArrayLength());
        await (await tenant.Http.GetAsync("/api/v1/events?after=' or 1=1")).ProblemAsync(400, "invalid_parameter");
    }

    [PostgresFact]
    public async Task Events_come_in_the_order_of_their_transactions_numbers_not_of_their_digits()
    {
        var tenant = await host.TenantAsync();
        foreach (var transaction in (string[])["10", "9", "100", "99"])
        {
            await Seed.RunAsync(host.Db, "insert into event (tenant_id, xid, id, type, data) values ($1, $2::xid8, $3, $2, '{}')", tenant.Id.Value, transaction, Seed.NewId());
        }

        var seen = new List<string?>();
        for (var cursor = ""; seen.Count < 4;)
        {
            var page = await (await tenant.Http.GetAsync($"/api/v1/events?limit=1{cursor}")).JsonAsync();
            seen.Add(page.GetProperty("events").EnumerateArray().Single().GetProperty("type").GetString());
            cursor = $"&after={page.GetProperty("cursor").GetString()}";
        }

        Assert.Equal(["9", "10", "99", "100"], seen);
    }

    private static IEnumerable<string?> Texts(JsonElement list) => list.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("text").GetString());

    private async Task<(TenantUnderTest Tenant, Guid Channel, Guid Conversation)> ConversationAsync()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        return (tenant, channel, await Seed.ConversationAsync(host, tenant.Id, channel));
    }
}
