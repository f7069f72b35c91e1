using System.Net;
using System.Net.Http.Json;
using Channels.Api.Tests.Host;
using Channels.Core.Conversations;
using Channels.Grains.Abstractions;
using Channels.Testing;

namespace Channels.Api.Tests.Turns;

public sealed class TurnReplyTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task A_reply_goes_to_the_turns_conversation_and_its_repetition_by_key_does_not()
    {
        var (tenant, channel, conversation, turn) = await TurnAsync();
        host.Grains.Verdict = LateReplyVerdict.Accepted;

        var taken = await ReplyAsync(tenant, turn, new { reply = "hola", options = new[] { "A", "B" } }, "k1");
        var repeated = await ReplyAsync(tenant, turn, new { reply = "hola", options = new[] { "A", "B" } }, "k1");
        var reused = await ReplyAsync(tenant, turn, new { reply = "other" }, "k1");

        var answer = await taken.JsonAsync(HttpStatusCode.Accepted);
        Assert.Equal(turn, answer.GetProperty("turn_id").GetGuid());
        Assert.Equal(conversation, answer.GetProperty("conversation_id").GetGuid());
        Assert.Equal(answer.ToString(), (await repeated.JsonAsync(HttpStatusCode.Accepted)).ToString());
        await reused.ProblemAsync(422, "idempotency_key_reused");
        var (where, asked, reply) = Assert.Single(host.Grains.Replies, one => one.Turn.Value == turn);
        Assert.Equal((tenant.Id, channel, conversation), (where.Tenant, where.Account.Value, where.Conversation.Value));
        Assert.Equal(("hola", false, "A,B"), (reply.Text, reply.HandOver, string.Join(',', reply.Options)));
        Assert.Equal(turn, asked.Value);
    }

    [PostgresTheory]
    [InlineData(LateReplyVerdict.Expired, "turn_expired")]
    [InlineData(LateReplyVerdict.Overtaken, "turn_overtaken")]
    public async Task A_reply_that_is_not_taken_says_why(LateReplyVerdict verdict, string code)
    {
        var (tenant, _, _, turn) = await TurnAsync();
        host.Grains.Verdict = verdict;

        var problem = await (await ReplyAsync(tenant, turn, new { reply = "hola" })).ProblemAsync(409, code);

        if (code == "turn_expired")
        {
            Assert.Contains("2026-01-01 12:05:00Z", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [PostgresTheory]
    [InlineData(LateTurnState.Answered, "turn_answered")]
    [InlineData(LateTurnState.Expired, "turn_expired")]
    [InlineData(LateTurnState.Overtaken, "turn_overtaken")]
    public async Task A_turn_that_has_ended_takes_no_other_reply(LateTurnState state, string code)
    {
        var (tenant, _, _, turn) = await TurnAsync(state, new LateReply("hola", false, []).Fingerprint());

        await (await ReplyAsync(tenant, turn, new { reply = "another" })).ProblemAsync(409, code);

        Assert.DoesNotContain(host.Grains.Replies, one => one.Turn.Value == turn);
    }

    [PostgresFact]
    public async Task The_same_reply_to_an_answered_turn_is_taken_again()
    {
        var (tenant, _, _, turn) = await TurnAsync(LateTurnState.Answered, new LateReply("hola", false, []).Fingerprint());

        await (await ReplyAsync(tenant, turn, new { reply = "hola" })).JsonAsync(HttpStatusCode.Accepted);
        await (await ReplyAsync(tenant, turn, new { reply = "hola", hand_over = true })).ProblemAsync(409, "turn_answered");
    }

    [PostgresFact]
    public async Task A_turn_whose_conversation_was_merged_meanwhile_takes_its_reply_in_the_other()
    {
        var (tenant, channel, gone, turn) = await TurnAsync();
        var kept = await Seed.ConversationAsync(host, tenant.Id, channel, "5491122223334");
        host.Grains.Replying = async where =>
        {
            if (where.Conversation.Value == gone)
            {
                await Seed.RunAsync(host.Db, "update late_turn set conversation_id = $2 where turn_id = $1", turn, kept);
                return LateReplyVerdict.NotOpen;
            }

            return LateReplyVerdict.Accepted;
        };

        var answer = await ReplyAsync(tenant, turn, new { reply = "hola" });
        host.Grains.Replying = null;

        var taken = await answer.JsonAsync(HttpStatusCode.Accepted);
        Assert.Equal(kept, taken.GetProperty("conversation_id").GetGuid());
    }

    [PostgresFact]
    public async Task An_open_turn_that_nobody_will_take_is_not_there()
    {
        var (tenant, _, _, turn) = await TurnAsync();
        host.Grains.Verdict = LateReplyVerdict.NotOpen;

        await (await ReplyAsync(tenant, turn, new { reply = "hola" })).ProblemAsync(404, "not_found");

        Assert.Single(host.Grains.Replies, one => one.Turn.Value == turn);
    }

    [PostgresTheory]
    [InlineData("{}", "reply")]
    [InlineData("""{"reply":"  "}""", "reply")]
    [InlineData("""{"reply":5}""", "reply")]
    [InlineData("""{"reply":"x","hand_over":"yes"}""", "hand_over")]
    [InlineData("""{"reply":"x","options":["a","a"]}""", "options")]
    [InlineData("""{"reply":"x","options":"a"}""", "options")]
    public async Task A_wrong_field_is_named(string body, string field)
    {
        var (tenant, _, _, turn) = await TurnAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/turns/{turn}/reply", body)).ProblemAsync(422, "invalid_fields");

        Assert.Equal([field], problem.Fields());
    }

    private async Task<(TenantUnderTest Tenant, Guid Channel, Guid Conversation, Guid Turn)> TurnAsync(LateTurnState state = LateTurnState.Open, byte[]? answerHash = null)
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var conversation = await Seed.ConversationAsync(host, tenant.Id, channel);
        var message = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola");
        return (tenant, channel, conversation, await Seed.TurnAsync(host, tenant.Id, channel, conversation, message, state, answerHash));
    }

    private static Task<HttpResponseMessage> ReplyAsync(TenantUnderTest tenant, Guid turn, object reply, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/turns/{turn}/reply") { Content = JsonContent.Create(reply) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return tenant.Http.SendAsync(request);
    }
}
