using System.Net;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Core.Ids;
using Channels.Storage.Parked;
using Channels.Testing;

namespace Channels.Api.Tests.Parked;

/// <summary>Parked webhooks by cause, and replays of many.</summary>
public sealed class ReplayTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Replays = "/api/v1/parked-webhooks/replays";

    [PostgresFact]
    public async Task Causes_are_grouped_whatever_their_details_with_an_example_and_what_to_do()
    {
        var tenant = await host.TenantAsync();
        var (first, second) = (await tenant.CreateSimulatorAsync(), await tenant.CreateSimulatorAsync("other"));
        var example = await Seed.ParkAsync(host, tenant.Id, first, "1", "not JSON from line 1, byte 20 on: broken");
        await Seed.ParkAsync(host, tenant.Id, first, "2", "not JSON from line 7, byte 3 on: broken");
        await Seed.ParkAsync(host, tenant.Id, second, "3", "not JSON from line 2, byte 1 on: broken");
        await Seed.ParkAsync(host, tenant.Id, second, "4", "the parser of 'simulator' failed on it (FormatException)");

        var groups = (await (await tenant.Http.GetAsync("/api/v1/parked-webhooks/groups")).JsonAsync()).GetProperty("groups").EnumerateArray().ToList();
        var byChannel = await (await tenant.Http.GetAsync("/api/v1/parked-webhooks/groups?by=channel&channel_type=simulator")).JsonAsync();
        var wrong = await tenant.Http.GetAsync("/api/v1/parked-webhooks/groups?by=moon");

        Assert.Equal(["not JSON from line #, byte # on", "the parser of 'simulator' failed on it (FormatException)"], groups.Select(group => group.GetProperty("cause").GetString()));
        Assert.Equal((3, 2, example), (groups[0].GetProperty("count").GetInt32(), groups[0].GetProperty("channels").GetInt32(), groups[0].GetProperty("example_id").GetGuid()));
        Assert.Equal(JsonValueKind.Null, groups[0].GetProperty("channel_id").ValueKind);
        Assert.Equal(second, groups[1].GetProperty("channel_id").GetGuid());
        Assert.All(groups, group => Assert.NotEqual("", group.GetProperty("next_step").GetString()));
        Assert.Equal((3, 3), (byChannel.GetProperty("total").GetInt32(), byChannel.GetProperty("groups").GetArrayLength()));
        await wrong.ProblemAsync(400, "invalid_parameter");
    }

    [PostgresTheory]
    [InlineData("{0} 12ab is no number", 97)]
    [InlineData("{0} and more behind a space", 99)]
    [InlineData("  {0}", 3)]
    [InlineData(": {0}", 3)]
    public async Task A_cause_as_the_groups_show_it_names_its_group_wherever_it_was_cut(string reason, int before)
    {
        var tenant = await host.TenantAsync();
        await Seed.ParkAsync(host, tenant.Id, await tenant.CreateSimulatorAsync(), "1", string.Format(System.Globalization.CultureInfo.InvariantCulture, reason, new string('x', before)));

        var group = (await (await tenant.Http.GetAsync("/api/v1/parked-webhooks/groups")).JsonAsync()).GetProperty("groups")[0];
        var cause = group.GetProperty("cause").GetString()!;
        var again = await (await tenant.Http.GetAsync($"/api/v1/parked-webhooks/groups?cause={Uri.EscapeDataString(cause)}")).JsonAsync();
        var would = await (await BeginAsync(tenant, JsonSerializer.Serialize(new { cause, dry_run = true }))).JsonAsync();
        var gone = await (await tenant.Http.DeleteAsync($"/api/v1/parked-webhooks?cause={Uri.EscapeDataString(cause)}")).JsonAsync();

        Assert.Equal(group.GetRawText(), again.GetProperty("groups")[0].GetRawText());
        Assert.Equal((1, 1), (would.GetProperty("would_replay").GetInt32(), gone.GetProperty("discarded").GetInt32()));
    }

    [PostgresFact]
    public async Task A_replay_waits_for_no_other_of_its_tenant()
    {
        var tenant = await host.TenantAsync();
        var (slow, quick) = (await tenant.CreateSimulatorAsync(), await tenant.CreateSimulatorAsync("quick"));
        for (var number = 0; number < 60; number++)
        {
            await Seed.ParkAsync(host, tenant.Id, slow, $"{number}");
        }

        await Seed.ParkAsync(host, tenant.Id, quick, "1");
        await Seed.ParkAsync(host, tenant.Id, quick, "2");

        // A minute's work, and a moment's.
        var first = (await (await BeginAsync(tenant, $$"""{"channel_id":"{{slow}}","rate":1}""")).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetGuid();
        var second = (await (await BeginAsync(tenant, $$"""{"channel_id":"{{quick}}","rate":1000}""")).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetGuid();

        Assert.Equal(2, (await DoneAsync(tenant, second)).GetProperty("replayed").GetInt32());
        Assert.Equal("running", (await (await tenant.Http.GetAsync($"{Replays}/{first}")).JsonAsync()).GetProperty("state").GetString());
        await tenant.Http.PostAsync($"{Replays}/{first}/cancel", null);
    }

    [PostgresFact]
    public async Task A_dry_run_says_what_would_go_back_and_touches_nothing()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var ids = new List<Guid>();
        for (var number = 0; number < 3; number++)
        {
            ids.Add(await Seed.ParkAsync(host, tenant.Id, channel, $"{number}"));
        }

        await Seed.ParkAsync(host, tenant.Id, channel, "x", "another cause");
        var would = await (await BeginAsync(tenant, """{"cause":"not JSON","dry_run":true,"rate":2}""")).JsonAsync();
        var one = await (await tenant.Http.PostAsync($"/api/v1/parked-webhooks/{ids[0]}/replay?dry_run=true", null)).JsonAsync();

        Assert.Equal((3, 1.5), (would.GetProperty("would_replay").GetInt32(), would.GetProperty("seconds").GetDouble()));
        Assert.Equal(ids, would.GetProperty("first").EnumerateArray().Select(id => id.GetGuid()));
        Assert.Equal(1, one.GetProperty("would_replay").GetInt32());
        Assert.Equal(4, (await (await tenant.Http.GetAsync("/api/v1/parked-webhooks")).JsonAsync()).GetProperty("total").GetInt32());
        Assert.Equal(0, (await (await tenant.Http.GetAsync(Replays)).JsonAsync()).GetProperty("total").GetInt32());
    }

    [PostgresFact]
    public async Task A_replay_that_the_database_refuses_waits_and_holds_nobody_up()
    {
        var (refused, other) = (await host.TenantAsync(), await host.TenantAsync());
        var (channel, others) = (await refused.CreateSimulatorAsync(), await other.CreateSimulatorAsync());
        await Seed.ParkAsync(host, refused.Id, channel, "1");
        await Seed.ParkAsync(host, other.Id, others, "2");
        await Seed.RunAsync(host.Db, $"alter table inbox add constraint refused check (account_id <> '{channel}')");

        var waiting = (await (await BeginAsync(refused, "{}")).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetGuid();
        await Eventually.TrueAsync("the refusal to be told", () => host.Logs.Entries.Any(entry => entry.Message.Contains($"Replay {waiting} waits", StringComparison.Ordinal)));
        var done = await DoneAsync(other, (await (await BeginAsync(other, "{}")).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetGuid());
        Assert.Equal(1, done.GetProperty("replayed").GetInt32());
        Assert.Equal(1, (await (await refused.Http.GetAsync("/api/v1/parked-webhooks")).JsonAsync()).GetProperty("total").GetInt32());

        await Seed.RunAsync(host.Db, "alter table inbox drop constraint refused");
        await Seed.RunAsync(host.Db, $"update replay set next_at = now() where id = '{waiting}'");
        Assert.Equal(1, (await DoneAsync(refused, waiting)).GetProperty("replayed").GetInt32());
    }

    [PostgresFact]
    public async Task A_group_goes_back_oldest_first_and_the_rest_stays()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        for (var number = 0; number < 5; number++)
        {
            await Seed.ParkAsync(host, tenant.Id, channel, $"{number}");
        }

        await Seed.ParkAsync(host, tenant.Id, channel, "x", "another cause");

        var begun = await (await BeginAsync(tenant, """{"cause":"not JSON","rate":1000}""")).JsonAsync(HttpStatusCode.Accepted);
        var done = await DoneAsync(tenant, begun.GetProperty("id").GetGuid());

        Assert.Equal((5, 5), (done.GetProperty("matched").GetInt32(), done.GetProperty("replayed").GetInt32()));
        Assert.Equal("0,1,2,3,4", await host.ScalarAsync("select string_agg(convert_from(body, 'utf8'), ',' order by id) from inbox where account_id = $1", channel));
        Assert.Equal(1L, await host.ScalarAsync("select count(*) from parked_webhook where account_id = $1", channel));
        Assert.Contains(new AccountId(channel), host.Hints.ThosePutBack);
    }

    [PostgresFact]
    public async Task What_is_parked_again_by_a_clock_that_was_set_back_does_not_go_round()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        await Seed.ParkAsync(host, tenant.Id, channel, "1");
        await Seed.ParkAsync(host, tenant.Id, channel, "2");

        var begun = (await (await BeginAsync(tenant, """{"rate":1}""")).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetGuid();
        var again = await Seed.ParkAsync(host, tenant.Id, channel, "1 again");
        await Seed.RunAsync(host.Db, "update parked_webhook set parked_at = now() - interval '1 hour' where id = $1", again);
        var done = await DoneAsync(tenant, begun);

        Assert.Equal((2, 2), (done.GetProperty("matched").GetInt32(), done.GetProperty("replayed").GetInt32()));
        Assert.Equal(again, await host.ScalarAsync("select id from parked_webhook where account_id = $1", channel));
    }

    [PostgresFact]
    public async Task A_slice_is_read_from_where_the_last_one_ended_and_not_from_all_that_is_parked()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        await Seed.RunAsync(
            host.Db,
            """
            insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body)
            select $1, $2, gen_random_uuid(), now(), now(), 'not JSON from line ' || n || ': x', '', '' from generate_series(1, 20000) as n
            """,
            tenant.Id.Value, channel);
        await Seed.RunAsync(host.Db, "analyze parked_webhook");

        await using var connection = await host.Db.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var set = new Npgsql.NpgsqlCommand(Constant("Settings"), connection, transaction))
        {
            await set.ExecuteNonQueryAsync();
        }

        foreach (var (of, kind, cause) in new (Guid?, string?, string?)[] { (null, null, null), (channel, null, null), (null, "simulator", null), (null, null, "not JSON from line #"), (null, null, "other") })
        {
            await using var explain = new Npgsql.NpgsqlCommand($"explain {Constant("Pick")}", connection, transaction);
            foreach (var value in new object?[] { tenant.Id.Value, of, kind, cause, DateTimeOffset.UnixEpoch.AddYears(200), Guid.Empty, 10 })
            {
                explain.Parameters.Add(new() { Value = value ?? DBNull.Value });
            }

            await using var plan = await explain.ExecuteReaderAsync();
            var lines = new List<string>();
            while (await plan.ReadAsync())
            {
                lines.Add(plan.GetString(0));
            }

            Assert.DoesNotContain(lines, line => line.Contains("Sort", StringComparison.Ordinal) || line.Contains("Seq Scan", StringComparison.Ordinal) || line.Contains("Bitmap", StringComparison.Ordinal));
        }

        static string Constant(string name) => (string)typeof(ReplayRunner)
            .GetField(name, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!.GetRawConstantValue()!;
    }

    [PostgresFact]
    public async Task A_key_begins_one_replay_however_often_it_is_sent()
    {
        var tenant = await host.TenantAsync();
        await Seed.ParkAsync(host, tenant.Id, await tenant.CreateSimulatorAsync(), "1");
        async Task<HttpResponseMessage> KeyedAsync(string body) => await tenant.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, Replays) { Content = Asking.Json(body), Headers = { { "Idempotency-Key", "once" } } });

        var first = await (await KeyedAsync("{}")).JsonAsync(HttpStatusCode.Accepted);
        var second = await (await KeyedAsync("{}")).JsonAsync(HttpStatusCode.Accepted);

        Assert.Equal(first.GetProperty("id").GetGuid(), second.GetProperty("id").GetGuid());
        Assert.Equal(1, (await (await tenant.Http.GetAsync(Replays)).JsonAsync()).GetProperty("total").GetInt32());
        await (await KeyedAsync("""{"rate":7}""")).ProblemAsync(422, "idempotency_key_reused");
    }

    [PostgresFact]
    public async Task A_cancelled_replay_leaves_the_rest_parked()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        for (var number = 0; number < 60; number++)
        {
            await Seed.ParkAsync(host, tenant.Id, channel, $"{number}");
        }

        // A minute's work: it is under way whenever the cancellation comes.
        var id = (await (await BeginAsync(tenant, """{"rate":1}""")).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetGuid();
        var cancelled = await (await tenant.Http.PostAsync($"{Replays}/{id}/cancel", null)).JsonAsync();
        var again = await (await tenant.Http.PostAsync($"{Replays}/{id}/cancel", null)).JsonAsync();

        Assert.Equal(("cancelled", "cancelled"), (cancelled.GetProperty("state").GetString(), again.GetProperty("state").GetString()));
        var left = (long)(await host.ScalarAsync("select count(*) from parked_webhook where account_id = $1", channel))!;
        Assert.Equal(60 - cancelled.GetProperty("replayed").GetInt64(), left);
        Assert.True(left > 0);
    }

    [PostgresFact]
    public async Task What_belongs_to_a_deleted_channel_stays_parked()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var parked = await Seed.ParkAsync(host, tenant.Id, channel, "1");
        await tenant.Http.DeleteAsync($"/api/v1/channels/{channel}");

        var begun = await (await BeginAsync(tenant, "{}")).JsonAsync(HttpStatusCode.Accepted);
        var group = (await (await tenant.Http.GetAsync("/api/v1/parked-webhooks/groups")).JsonAsync()).GetProperty("groups")[0];
        var dry = await tenant.Http.PostAsync($"/api/v1/parked-webhooks/{parked}/replay?dry_run=true", null);

        Assert.Equal(("done", 0), (begun.GetProperty("state").GetString(), begun.GetProperty("matched").GetInt32()));
        Assert.Equal((1, 1), (group.GetProperty("count").GetInt32(), group.GetProperty("of_deleted_channels").GetInt32()));
        await dry.ProblemAsync(404, "not_found");
    }

    [PostgresTheory]
    [InlineData("""{"rate":0}""", "rate")]
    [InlineData("""{"rate":1001}""", "rate")]
    [InlineData("""{"rate":"fast"}""", "rate")]
    [InlineData("""{"channel_id":"shop"}""", "channel_id")]
    [InlineData("""{"dry_run":"yes"}""", "dry_run")]
    public async Task A_wrong_field_is_named(string body, string field)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await BeginAsync(tenant, body)).ProblemAsync(422, "invalid_fields");

        Assert.Equal([field], problem.Fields());
    }

    private static Task<HttpResponseMessage> BeginAsync(TenantUnderTest tenant, string body) => tenant.Http.SendJsonAsync(HttpMethod.Post, Replays, body);

    private static Task<JsonElement> DoneAsync(TenantUnderTest tenant, Guid id) => Asking.EventuallyAsync(
        "the replay to be done", async () => await (await tenant.Http.GetAsync($"{Replays}/{id}")).JsonAsync(), replay => replay.GetProperty("state").GetString() == "done");
}
