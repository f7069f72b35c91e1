using System.Net;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Messages;

/// <summary>A message that may have left waits for a person, and the person's word ends it.</summary>
public sealed class OutcomeTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const int Queued = 0;
    private const int Sending = 1;
    private const int Unknown = 2;

    [PostgresFact]
    public async Task It_is_sent_once_more_and_marked()
    {
        var tenant = await host.TenantAsync();
        var message = await ReplyAsync(tenant, Unknown);

        var redriven = await tenant.Http.PostAsync($"/api/v1/messages/{message}/redrive", null);
        var again = await tenant.Http.PostAsync($"/api/v1/messages/{message}/redrive", null);

        Assert.Equal("queued", (await redriven.JsonAsync(HttpStatusCode.Accepted)).GetProperty("status").GetString());
        await again.ProblemAsync(409, "outcome_known");
        Assert.Equal(
            "0|true|true|true",
            await host.ScalarAsync("select state || '|' || possibly_duplicate || '|' || (next_attempt_at <= now()) || '|' || (queued_at = next_attempt_at) from outbox where message_id = $1", message));
        Assert.Equal("queued|true", await host.ScalarAsync("select status || '|' || possibly_duplicate from transcript where id = $1", message));
        Assert.Equal("queued", await host.ScalarAsync("select data->>'status' from event where message_id = $1", message));
    }

    [PostgresFact]
    public async Task They_are_listed_newest_first_until_somebody_says_what_became_of_them()
    {
        var (tenant, other) = (await host.TenantAsync(), await host.TenantAsync("other"));
        var (first, second) = (await ReplyAsync(tenant, Unknown), await ReplyAsync(tenant, Unknown, identity: "sim-2"));
        await ReplyAsync(tenant, Queued, identity: "sim-3");
        await ReplyAsync(other, Unknown);

        var all = await ListAsync("");
        var page = await ListAsync("&limit=1&page=2");
        var channel = all.GetProperty("messages")[0].GetProperty("channel_id").GetGuid();
        var ofOne = await ListAsync($"&channel_id={channel}");
        await SettleAsync(tenant, second, "sent");
        var left = await ListAsync("");

        Assert.Equal([second, first], Ids(all));
        Assert.Equal((2, "unknown"), (all.GetProperty("total").GetInt32(), all.GetProperty("messages")[0].GetProperty("message").GetProperty("status").GetString()));
        Assert.Equal([first], Ids(page));
        Assert.Equal(2, page.GetProperty("total").GetInt32());
        Assert.All(ofOne.GetProperty("messages").EnumerateArray(), one => Assert.Equal(channel, one.GetProperty("channel_id").GetGuid()));
        Assert.Contains(second, Ids(ofOne));
        Assert.Equal([first], Ids(left));
        Assert.Empty(Ids(await ListAsync($"&channel_id={Guid.Empty}")));
        await (await tenant.Http.GetAsync("/api/v1/messages?status=sent")).ProblemAsync(400, "invalid_parameter");
        await (await tenant.Http.GetAsync("/api/v1/messages")).ProblemAsync(400, "invalid_parameter");

        async Task<JsonElement> ListAsync(string more) => await (await tenant.Http.GetAsync($"/api/v1/messages?status=unknown{more}")).JsonAsync();
        static List<Guid> Ids(JsonElement list) => [.. list.GetProperty("messages").EnumerateArray().Select(one => one.GetProperty("message").GetProperty("id").GetGuid())];
    }

    [PostgresTheory]
    [InlineData("sent", 1L, 0L)]
    [InlineData("failed", 0L, 1L)]
    public async Task What_a_person_saw_settles_it_and_the_books(string status, long sent, long failed)
    {
        var tenant = await host.TenantAsync();
        var message = await ReplyAsync(tenant, Unknown);

        var settled = await (await SettleAsync(tenant, message, status)).JsonAsync();
        var replies = (await (await tenant.Http.GetAsync("/api/v1/ledger")).JsonAsync()).GetProperty("tenant").GetProperty("replies");
        var timeline = await (await tenant.Http.GetAsync($"/api/v1/messages/{message}/timeline")).JsonAsync();

        Assert.Equal(status, settled.GetProperty("status").GetString());
        Assert.Equal((sent, failed, 0L, 0L), (Number("sent"), Number("failed"), Number("unknown"), Number("difference")));
        Assert.Equal((status, status == "sent" ? "done" : "attention"), (timeline.GetProperty("status").GetString(), timeline.GetProperty("state").GetString()));
        Assert.Equal(status, await host.ScalarAsync("select data->>'status' from event where message_id = $1", message));
        await (await SettleAsync(tenant, message, status)).ProblemAsync(409, "outcome_known");

        long Number(string name) => replies.GetProperty(name).GetInt64();
    }

    [PostgresFact]
    public async Task A_text_that_failed_without_leaving_is_queued_once_more_and_the_books_balance()
    {
        var tenant = await host.TenantAsync();
        var message = await FailedAsync(tenant, details: """{"reply_to":"P-0"}""");

        var redriven = await tenant.Http.PostAsync($"/api/v1/messages/{message}/redrive", null);
        var again = await tenant.Http.PostAsync($"/api/v1/messages/{message}/redrive", null);
        var replies = (await (await tenant.Http.GetAsync("/api/v1/ledger")).JsonAsync()).GetProperty("tenant").GetProperty("replies");

        Assert.Equal("queued", (await redriven.JsonAsync(HttpStatusCode.Accepted)).GetProperty("status").GetString());
        await again.ProblemAsync(409, "outcome_known");
        Assert.Equal(
            "0|3|P-0|false|true|true",
            await host.ScalarAsync("select state || '|' || attempts || '|' || reply_to || '|' || possibly_duplicate || '|' || (next_attempt_at > now() - interval '1 minute') || '|' || (queued_at = next_attempt_at) from outbox where message_id = $1", message));
        Assert.Equal("queued|true", await host.ScalarAsync("select status || '|' || (reason is null) from transcript where id = $1", message));
        Assert.Equal("queued", await host.ScalarAsync("select data->>'status' from event where message_id = $1", message));
        Assert.Equal((2L, 1L, 1L, 0L), (Number("queued"), Number("failed"), Number("waiting"), Number("difference")));

        long Number(string name) => replies.GetProperty(name).GetInt64();
    }

    [PostgresFact]
    public async Task One_that_a_person_gave_up_may_have_left_and_is_marked_when_it_is_sent_after_all()
    {
        var tenant = await host.TenantAsync();
        var message = await ReplyAsync(tenant, Unknown);
        await (await SettleAsync(tenant, message, "failed")).JsonAsync();

        await (await tenant.Http.PostAsync($"/api/v1/messages/{message}/redrive", null)).JsonAsync(HttpStatusCode.Accepted);

        Assert.Equal("0|true", await host.ScalarAsync("select state || '|' || possibly_duplicate from outbox where message_id = $1", message));
        Assert.Equal("queued|true", await host.ScalarAsync("select status || '|' || possibly_duplicate from transcript where id = $1", message));
    }

    [PostgresTheory]
    [InlineData("message.image", "{}", false)]
    [InlineData("message.text", """{"template":{"name":"ready"}}""", false)]
    [InlineData("message.text", """{"options":["Yes"]}""", false)]
    [InlineData("message.text", "{}", true)]
    public async Task What_is_not_kept_whole_and_what_the_provider_took_is_not_redriven(string kind, string details, bool taken)
    {
        var tenant = await host.TenantAsync();
        var message = await FailedAsync(tenant, details);
        await Seed.RunAsync(host.Db, "update transcript set kind = $2, sent_at = case when $3 then now() end where id = $1", message, kind, taken);

        await (await tenant.Http.PostAsync($"/api/v1/messages/{message}/redrive", null)).ProblemAsync(409, "outcome_known");

        Assert.Equal("failed", await host.ScalarAsync("select status from transcript where id = $1", message));
        Assert.Equal(0L, await host.ScalarAsync("select count(*) from outbox where message_id = $1", message));
    }

    [PostgresFact]
    public async Task What_the_provider_took_before_moments_of_sending_were_kept_is_not_redriven()
    {
        var tenant = await host.TenantAsync();
        var message = await FailedAsync(tenant, "{}");
        await Seed.RunAsync(host.Db, "update transcript set provider_message_id = 'P-1' where id = $1", message);

        await (await tenant.Http.PostAsync($"/api/v1/messages/{message}/redrive", null)).ProblemAsync(409, "outcome_known");

        Assert.Equal(0L, await host.ScalarAsync("select count(*) from outbox where message_id = $1", message));
    }

    [PostgresFact]
    public async Task A_text_of_last_week_that_is_queued_once_more_waits_since_then()
    {
        var tenant = await host.TenantAsync();
        var message = await ReplyAsync(tenant, Queued, active: true);
        var queued = new DateTimeOffset(2040, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await Seed.RunAsync(host.Db, "update outbox set queued_at = $2, reason = 'unavailable: 503' where message_id = $1", message, queued);

        var one = (await (await tenant.Http.GetAsync($"/api/v1/messages/{message}")).JsonAsync()).GetProperty("message").GetProperty("waiting");
        var steps = (await (await tenant.Http.GetAsync($"/api/v1/messages/{message}/timeline")).JsonAsync()).GetProperty("steps");

        foreach (var waiting in (System.Text.Json.JsonElement[])[one, steps.EnumerateArray().Last().GetProperty("waiting")])
        {
            Assert.Equal(("retry", queued), (waiting.GetProperty("reason").GetString(), waiting.GetProperty("since").GetDateTimeOffset()));
            Assert.Contains("until 2040-01-03 03:04:05Z", waiting.GetProperty("next_step").GetString(), StringComparison.Ordinal);
        }
    }

    [PostgresFact]
    public async Task Another_tenants_failed_message_stays_failed()
    {
        var (owner, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        var message = await FailedAsync(owner, "{}");

        await (await stranger.Http.PostAsync($"/api/v1/messages/{message}/redrive", null)).ProblemAsync(404, "not_found");

        Assert.Equal("failed", await host.ScalarAsync("select status from transcript where id = $1", message));
    }

    [PostgresTheory]
    [InlineData(Queued)]
    [InlineData(Sending)]
    public async Task What_is_under_way_is_left_alone(int state)
    {
        var tenant = await host.TenantAsync();
        var message = await ReplyAsync(tenant, state);

        await (await tenant.Http.PostAsync($"/api/v1/messages/{message}/redrive", null)).ProblemAsync(409, "outcome_known");
        await (await SettleAsync(tenant, message, "failed")).ProblemAsync(409, "outcome_known");

        Assert.Equal($"{state}|false", await host.ScalarAsync("select state || '|' || possibly_duplicate from outbox where message_id = $1", message));
    }

    [PostgresFact]
    public async Task Only_sent_and_failed_are_outcomes()
    {
        var tenant = await host.TenantAsync();

        await (await SettleAsync(tenant, await ReplyAsync(tenant, Unknown), "read")).ProblemAsync(422, "invalid_fields");
    }

    [PostgresFact]
    public async Task Another_tenants_message_is_unknown_and_stays_as_it_is()
    {
        var (owner, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        var message = await ReplyAsync(owner, Unknown);

        await (await stranger.Http.PostAsync($"/api/v1/messages/{message}/redrive", null)).ProblemAsync(404, "not_found");
        await (await SettleAsync(stranger, message, "sent")).ProblemAsync(404, "not_found");

        Assert.Equal((short)Unknown, await host.ScalarAsync("select state from outbox where message_id = $1", message));
    }

    private static Task<HttpResponseMessage> SettleAsync(TenantUnderTest tenant, Guid message, string status) =>
        tenant.Http.PostAsync($"/api/v1/messages/{message}/settle", Asking.Json($$"""{"status":"{{status}}"}"""));

    // Its row in the outbox is gone.
    private async Task<Guid> FailedAsync(TenantUnderTest tenant, string details)
    {
        var channel = await tenant.CreateSimulatorAsync();
        var conversation = await Seed.ConversationAsync(host, tenant.Id, channel);
        var message = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola", outbound: true, status: "failed", details: details);
        await Seed.RunAsync(host.Db, "update transcript set reason = 'gave-up: not taken in 24 hours and 3 attempts', attempts = 3, provider_message_id = null where id = $1", message);
        await Seed.RunAsync(host.Db, "insert into channel_counter (tenant_id, account_id, replies_queued, messages_failed) values ($1, $2, 1, 1)", tenant.Id.Value, channel);
        return message;
    }

    private async Task<Guid> ReplyAsync(TenantUnderTest tenant, int state, bool active = false, string identity = "sim")
    {
        var channel = await tenant.CreateSimulatorAsync(identity);
        if (active)
        {
            await (await tenant.Http.PostAsync($"/api/v1/channels/{channel}/activate", null)).JsonAsync();
        }

        var conversation = await Seed.ConversationAsync(host, tenant.Id, channel);
        var message = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola", outbound: true, status: state == Unknown ? "unknown" : "queued");
        await Seed.RunAsync(host.Db, "update transcript set provider_message_id = null where id = $1", message);
        await Seed.RunAsync(
            host.Db,
            """
            insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at, sending_since, reason)
            values ($1, $2, $3, $4, $5, 1, now(), now() - interval '1 hour', 'timed-out')
            """,
            tenant.Id.Value, channel, message, conversation, (short)state);
        await Seed.RunAsync(host.Db, "insert into channel_counter (tenant_id, account_id, replies_queued) values ($1, $2, 1)", tenant.Id.Value, channel);
        return message;
    }
}
