using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Tests.Channels;

public sealed class ChannelTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string GatewayKey = "the-gateways-api-key";

    [PostgresFact]
    public async Task How_late_a_message_may_leave_is_the_owners_choice_and_can_be_taken_back()
    {
        var tenant = await host.TenantAsync();
        var path = $"/api/v1/channels/{await tenant.CreateSimulatorAsync()}";

        var without = await (await tenant.Http.GetAsync(path)).JsonAsync();
        var hour = await (await tenant.Http.PatchAsJsonAsync(path, new { reply_max_age = 3600 })).JsonAsync();
        var kept = await (await tenant.Http.PatchAsJsonAsync(path, new { config = new { reply_max_age = 7200 } })).JsonAsync();
        var back = await (await tenant.Http.PatchAsJsonAsync(path, new { reply_max_age = (double?)null })).JsonAsync();

        Assert.Equal(JsonValueKind.Null, without.GetProperty("reply_max_age").ValueKind);
        Assert.Equal((3600, 7200), (hour.GetProperty("reply_max_age").GetDouble(), kept.GetProperty("reply_max_age").GetDouble()));
        Assert.Equal(JsonValueKind.Null, back.GetProperty("reply_max_age").ValueKind);
    }

    [PostgresFact]
    public async Task A_channel_is_created_pending_and_shows_its_webhook_secret_this_once()
    {
        var tenant = await host.TenantAsync();

        var made = await (await tenant.Http.PostAsJsonAsync("/api/v1/channels", Asking.EvolutionChannel())).JsonAsync(HttpStatusCode.Created);
        var read = await (await tenant.Http.GetAsync($"/api/v1/channels/{made.GetProperty("id")}")).JsonAsync();

        Assert.Equal("pending", made.GetProperty("status").GetString());
        Assert.Equal(Asking.WebhookSecret, made.GetProperty("webhook_secret").GetString());
        Assert.Equal($"{host.Address}webhooks/evolution/{made.GetProperty("id")}", made.GetProperty("webhook_url").GetString());
        Assert.False(read.TryGetProperty("webhook_secret", out _));
        Assert.DoesNotContain(GatewayKey, made.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(GatewayKey, read.GetRawText(), StringComparison.Ordinal);
        Assert.True(read.GetProperty("has_secret_config").GetBoolean());
        Assert.Equal("shop1", read.GetProperty("config").GetProperty("instance_name").GetString());
    }

    [PostgresFact]
    public async Task Secrets_are_sealed_in_the_tables_and_opened_for_the_message_path()
    {
        var tenant = await host.TenantAsync();
        var body = """
            {"name":"n","channel_type":"evolution","identity":"1","webhook_secret":"a-webhook-secret-of-32-characters",
             "config":{"base_url":"http://gw.example","api_key":"the-gateways-api-key","instance_name":"i"},
             "agent":{"kind":"http","url":"https://agent.example/turn","secret":"the-agents-own-secret"}}
            """;

        var made = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", body)).JsonAsync(HttpStatusCode.Created);
        var stored = await StoredTextAsync();
        var entry = await host.Services.GetRequiredService<IChannelDirectory>().FindAsync(new AccountId(made.GetProperty("id").GetGuid()), default);

        foreach (var secret in new[] { GatewayKey, "the-agents-own-secret", Asking.WebhookSecret })
        {
            Assert.DoesNotContain(secret, stored, StringComparison.Ordinal);
        }

        Assert.Equal(GatewayKey, entry!.Connection.Setting("api_key"));
        Assert.Equal("the-agents-own-secret", entry.Agent.Setting("secret"));
        Assert.Equal(Asking.WebhookSecret, entry.Connection.WebhookSecret);
        Assert.DoesNotContain("the-agents-own-secret", made.GetRawText(), StringComparison.Ordinal);
        host.Logs.AssertAbsent(GatewayKey, "the-agents-own-secret", Asking.WebhookSecret, tenant.Key, ApiHost.OperatorKey);
    }

    [PostgresFact]
    public async Task A_models_key_is_a_secret_and_its_limits_are_not()
    {
        var tenant = await host.TenantAsync();
        var body = """
            {"name":"n","channel_type":"simulator","agent":{"kind":"openai","model":"gpt-test","api_key":"sk-the-models-own-key","max_history_tokens":500,"max_reply_tokens":50}}
            """;

        var made = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", body)).JsonAsync(HttpStatusCode.Created);
        var entry = await host.Services.GetRequiredService<IChannelDirectory>().FindAsync(new AccountId(made.GetProperty("id").GetGuid()), default);

        Assert.Equal("sk-the-models-own-key", entry!.Agent.Setting("api_key"));
        Assert.Equal(500, made.GetProperty("agent").GetProperty("max_history_tokens").GetInt32());
        Assert.Equal(50, made.GetProperty("agent").GetProperty("max_reply_tokens").GetInt32());
        Assert.DoesNotContain("sk-the-models-own-key", made.GetRawText() + await StoredTextAsync(), StringComparison.Ordinal);
        host.Logs.AssertAbsent("sk-the-models-own-key");
    }

    [PostgresFact]
    public async Task A_secret_is_made_when_none_is_given()
    {
        var tenant = await host.TenantAsync();

        var answer = await tenant.Http.PostAsJsonAsync("/api/v1/channels", new { name = "S", channel_type = "simulator" });

        var made = await answer.JsonAsync(HttpStatusCode.Created);
        Assert.True(made.GetProperty("webhook_secret").GetString()!.Length >= 32);
        Assert.Equal("none", made.GetProperty("agent").GetProperty("kind").GetString());
    }

    [PostgresFact]
    public async Task What_an_owner_decides_about_answering_is_kept_changed_and_has_defaults()
    {
        var tenant = await host.TenantAsync();
        var made = await (await tenant.Http.PostAsJsonAsync("/api/v1/channels", new
        {
            name = "S", channel_type = "simulator", on_agent_failure = "hand_over", handover_keywords = new[] { "human", " Mensch " }, handover_text = "One moment",
            config = new { debounce_ms = 1500, typing = true },
        })).JsonAsync(HttpStatusCode.Created);
        var path = $"/api/v1/channels/{made.GetProperty("id").GetGuid()}";

        var kept = await (await tenant.Http.GetAsync(path)).JsonAsync();
        var patched = await (await tenant.Http.PatchAsJsonAsync(path, new { debounce_ms = 0, handover_text = (string?)null })).JsonAsync();
        var put = await (await tenant.Http.PutAsJsonAsync(path, new { name = "S" })).JsonAsync();

        Assert.Equal(("hand_over", "human,Mensch", "One moment", 1500, true), Decisions(kept));
        Assert.Equal(("hand_over", "human,Mensch", null, 0, true), Decisions(patched));
        Assert.Equal(("apologise", "", null, 0, false), Decisions(put));
    }

    [PostgresFact]
    public async Task All_complaints_about_a_new_channel_come_at_once_and_name_their_fields()
    {
        var tenant = await host.TenantAsync();
        var body = """
            {"name":" ","channel_type":"evolution","webhook_secret":"short",
             "config":{"base_url":"ftp://x","nonsense":1,"takeover_pause":-1,"groups":"yes"},
             "agent":{"kind":"http","url":"nowhere"},"locale":"klingon language","answer_max_age":-5}
            """;

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", body)).ProblemAsync(422, "invalid_fields");

        Assert.Superset(
            new HashSet<string>
            {
                "name", "webhook_secret", "config.base_url", "config.nonsense", "config.api_key", "config.instance_name", "config.groups", "agent.url", "locale",
                "answer_max_age",
            },
            problem.Fields().ToHashSet());
        Assert.DoesNotContain("short", problem.GetProperty("errors").GetRawText(), StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData("""{"name":"","channel_type":"simulator","debounce_ms":-1,"on_agent_failure":"x","groups":"x"}""", "groups,name,on_agent_failure,debounce_ms")]
    [InlineData("""{"name":5,"typing":1,"identity":"","agent":5}""", "typing,name,channel_type,agent,identity")]
    [InlineData("""{"name":"n","channel_type":7,"config":{"groups":1,"takeover_pause":-1}}""", "channel_type,config.groups,takeover_pause")]
    public async Task Members_of_a_wrong_type_are_told_beside_all_others_and_each_once(string body, string fields)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", body)).ProblemAsync(422, "invalid_fields");

        Assert.Equal(fields.Split(',').Order(), problem.Fields().Order());
    }

    [PostgresTheory]
    [InlineData("PATCH")]
    [InlineData("PUT")]
    public async Task A_change_with_members_of_a_wrong_type_says_all_that_is_wrong_and_changes_nothing(string method)
    {
        var tenant = await host.TenantAsync();
        var path = $"/api/v1/channels/{await tenant.CreateSimulatorAsync()}";

        var problem = await (await tenant.Http.SendJsonAsync(new(method), path, """{"name":5,"channel_type":[],"groups":"x","locale":"?"}""")).ProblemAsync(422, "invalid_fields");

        Assert.Equal(["channel_type", "groups", "locale", "name"], problem.Fields().Order());
        Assert.Equal("Simulator", (await (await tenant.Http.GetAsync(path)).JsonAsync()).GetProperty("name").GetString());
    }

    [PostgresTheory]
    [InlineData("\"echo\"")]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("true")]
    public async Task An_agent_that_is_no_object_is_named_as_a_whole(string agent)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", $$"""{"name":"n","channel_type":"simulator","agent":{{agent}}}""")).ProblemAsync(422, "invalid_fields");

        Assert.Equal(["agent"], problem.Fields());
        Assert.StartsWith("must be a JSON object", problem.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Whole_seconds_may_be_written_with_a_point()
    {
        var tenant = await host.TenantAsync();

        var made = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", """{"name":"n","channel_type":"simulator","takeover_pause":60.0}""")).JsonAsync(HttpStatusCode.Created);

        Assert.Equal(60, made.GetProperty("takeover_pause").GetInt32());
    }

    [PostgresTheory]
    [InlineData("""{"name":"n","channel_type":"carrier_pigeon"}""", "channel_type")]
    [InlineData("""{"name":"n","channel_type":"simulator","agent":{"kind":"oracle"}}""", "agent.kind")]
    [InlineData("""{"name":"n","channel_type":"simulator","agent":{}}""", "agent.kind")]
    [InlineData("""{"name":"n","channel_type":"simulator","agent":{"kind":"openai","model":"m"}}""", "agent.api_key")]
    [InlineData("""{"name":"n","channel_type":"simulator","agent":{"kind":"openai","model":"m","api_key":"k","temperature":3}}""", "agent.temperature")]
    [InlineData("""{"name":"n","channel_type":"simulator","config":[]}""", "config")]
    [InlineData("""{"name":"n","channel_type":"simulator","org_unit_id":"7d444840-9dc0-11d1-b245-5ffdce74fad2"}""", "org_unit_id")]
    [InlineData("""{"name":"n","channel_type":"simulator","org_unit_id":"unit"}""", "org_unit_id")]
    [InlineData("""{"name":5,"channel_type":"simulator"}""", "name")]
    [InlineData("""{"name":"n"}""", "channel_type")]
    [InlineData("""{"name":"a\u0000b","channel_type":"simulator"}""", "name")]
    [InlineData("""{"name":"a\ud800b","channel_type":"simulator"}""", "name")]
    [InlineData("""{"name":"n","channel_type":"simulator","config":{"x\ud800":1}}""", "config")]
    [InlineData("""{"name":"n","channel_type":"simulator","agent":{"kind":"echo","deep":"\u0000"}}""", "agent")]
    [InlineData("""{"name":"n","channel_type":"simulator","groups":"yes"}""", "groups")]
    [InlineData("""{"name":"n","channel_type":"simulator","answer_max_age":1e400}""", "answer_max_age")]
    [InlineData("""{"name":"n","channel_type":"simulator","on_agent_failure":"shrug"}""", "on_agent_failure")]
    [InlineData("""{"name":"n","channel_type":"simulator","handover_keywords":"human"}""", "handover_keywords")]
    [InlineData("""{"name":"n","channel_type":"simulator","handover_keywords":["human",5]}""", "handover_keywords")]
    [InlineData("""{"name":"n","channel_type":"simulator","handover_keywords":["human",null]}""", "handover_keywords")]
    [InlineData("""{"name":"n","channel_type":"simulator","handover_keywords":["??"]}""", "handover_keywords")]
    [InlineData("""{"name":"n","channel_type":"simulator","debounce_ms":10001}""", "debounce_ms")]
    [InlineData("""{"name":"n","channel_type":"simulator","reply_max_age":59}""", "reply_max_age")]
    [InlineData("""{"name":"n","channel_type":"simulator","config":{"reply_max_age":-1}}""", "reply_max_age")]
    [InlineData("""{"name":"n","channel_type":"simulator","answer_max_age":1.5}""", "answer_max_age")]
    [InlineData("""{"name":"n","channel_type":"simulator","takeover_pause":1.5}""", "takeover_pause")]
    [InlineData("""{"name":"n","channel_type":"simulator","reply_max_age":60.5}""", "reply_max_age")]
    [InlineData("""{"name":"n","channel_type":"simulator","debounce_ms":-1}""", "debounce_ms")]
    [InlineData("""{"name":"n","channel_type":"simulator","debounce_ms":1.5}""", "debounce_ms")]
    [InlineData("""{"name":"n","channel_type":"simulator","typing":"yes"}""", "typing")]
    [InlineData("""{"name":"n","channel_type":"simulator","agent":{"kind":"echo","x":1e999999}}""", "agent.x")]
    public async Task A_wrong_field_is_named(string body, string field)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", body)).ProblemAsync(422, "invalid_fields");

        Assert.Contains(field, problem.Fields());
    }

    [PostgresTheory]
    [InlineData("shop1", "5491100000009", "config.instance_name")]
    [InlineData("shop2", "5491100000001", "identity")]
    public async Task A_second_channel_for_the_same_account_is_refused(string instance, string identity, string field)
    {
        var tenant = await host.TenantAsync();
        await tenant.CreateEvolutionAsync();

        var answer = await tenant.Http.PostAsJsonAsync("/api/v1/channels", Asking.EvolutionChannel(instance, identity));

        Assert.Equal([field], (await answer.ProblemAsync(409, "channel_taken")).Fields());
    }

    [PostgresFact]
    public async Task Of_two_identical_channels_created_at_once_one_is_made()
    {
        var tenant = await host.TenantAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => tenant.Http.PostAsJsonAsync("/api/v1/channels", Asking.EvolutionChannel())));

        Assert.Equal(1, answers.Count(answer => answer.StatusCode == HttpStatusCode.Created));
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    [PostgresFact]
    public async Task Another_tenant_may_have_the_same_account_and_a_deleted_channel_frees_it()
    {
        var (one, other) = (await host.TenantAsync(), await host.TenantAsync());
        var id = await one.CreateEvolutionAsync();
        await other.CreateEvolutionAsync();

        var deleted = await one.Http.DeleteAsync($"/api/v1/channels/{id}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await one.CreateEvolutionAsync();
    }

    [PostgresFact]
    public async Task A_partial_change_keeps_what_it_does_not_name()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var changed = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Patch, $"/api/v1/channels/{id}", """{"groups":true,"config":{"baseURL":"http://127.0.0.1:6000"}}""")).JsonAsync();
        var entry = await host.Services.GetRequiredService<IChannelDirectory>().FindAsync(new AccountId(id), default);

        Assert.Equal("Shop 1", changed.GetProperty("name").GetString());
        Assert.True(entry!.Policy.Groups);
        Assert.Equal("http://127.0.0.1:6000", entry.Connection.Setting("base_url"));
        Assert.Equal(GatewayKey, entry.Connection.Setting("api_key"));
        Assert.Equal(Asking.WebhookSecret, entry.Connection.WebhookSecret);
        Assert.Equal("echo", entry.Agent.Kind);
        Assert.Contains(new AccountId(id), host.Grains.Told);
    }

    [PostgresFact]
    public async Task A_replacement_takes_defaults_but_keeps_secrets_nobody_can_read_back()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();
        await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{id}", """{"groups":true,"answer_max_age":60}""");

        var replaced = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Put, $"/api/v1/channels/{id}", """{"name":"New","config":{"base_url":"http://127.0.0.1:5090","instance_name":"shop1"}}""")).JsonAsync();
        var entry = await host.Services.GetRequiredService<IChannelDirectory>().FindAsync(new AccountId(id), default);

        Assert.False(replaced.GetProperty("groups").GetBoolean());
        Assert.Equal(JsonValueKind.Null, replaced.GetProperty("answer_max_age").ValueKind);
        Assert.Equal("none", entry!.Agent.Kind);
        Assert.Equal(GatewayKey, entry.Connection.Setting("api_key"));
        Assert.Equal(Asking.WebhookSecret, entry.Connection.WebhookSecret);
    }

    [PostgresFact]
    public async Task A_change_that_would_break_the_channel_is_refused_as_a_whole()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var problem = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Patch, $"/api/v1/channels/{id}", """{"name":"Renamed","channel_type":"simulator","config":{"api_key":null}}""")).ProblemAsync(422, "invalid_fields");
        var read = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}")).JsonAsync();

        Assert.Equal(["channel_type", "config.api_key"], problem.Fields().Order(StringComparer.Ordinal));
        Assert.Equal("Shop 1", read.GetProperty("name").GetString());
    }

    [PostgresFact]
    public async Task A_setting_is_taken_away_under_any_spelling()
    {
        var tenant = await host.TenantAsync();
        var (evolution, waha) = (await tenant.CreateEvolutionAsync(), await tenant.CreateWahaAsync());
        await (await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{waha}", """{"config":{"import_strategy":"recent"}}""")).JsonAsync();

        var needed = await (await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{evolution}", """{"config":{"apiKey":null}}""")).ProblemAsync(422, "invalid_fields");
        var changed = await (await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{waha}", """{"config":{"importStrategy":null}}""")).JsonAsync();

        Assert.Equal(["config.api_key"], needed.Fields());
        Assert.False(changed.GetProperty("config").TryGetProperty("import_strategy", out _));
    }

    [PostgresFact]
    public async Task A_gateways_address_of_any_script_and_length_is_kept_and_belongs_to_one_channel()
    {
        var tenant = await host.TenantAsync();
        var gateway = $"https://gateway.example/{string.Concat(Enumerable.Range(0, 1_900).Select(at => (char)(0x4e00 + (at * 7))))}";

        await tenant.CreateEvolutionAsync(gateway: gateway);
        var second = await tenant.Http.PostAsJsonAsync("/api/v1/channels", Asking.EvolutionChannel(identity: "5491100000002", gateway: gateway));
        var third = await tenant.Http.PostAsJsonAsync("/api/v1/channels", Asking.EvolutionChannel(instance: "shop2", identity: "5491100000003", gateway: gateway));

        await second.ProblemAsync(409, "channel_taken");
        Assert.Equal(HttpStatusCode.Created, third.StatusCode);
    }

    [PostgresFact]
    public async Task A_list_filters_searches_and_counts()
    {
        var tenant = await host.TenantAsync();
        await tenant.CreateEvolutionAsync();
        foreach (var number in Enumerable.Range(1, 3))
        {
            await tenant.CreateSimulatorAsync($"100%_{number}");
        }

        var simulators = await (await tenant.Http.GetAsync("/api/v1/channels?type=simulator&limit=2&page=2")).JsonAsync();
        var found = await (await tenant.Http.GetAsync("/api/v1/channels?search=0%25_2")).JsonAsync();
        var none = await (await tenant.Http.GetAsync("/api/v1/channels?search=%25'%20or%20true--")).JsonAsync();
        var pending = await (await tenant.Http.GetAsync("/api/v1/channels?status=pending")).JsonAsync();

        Assert.Equal(3, simulators.GetProperty("total").GetInt32());
        Assert.Equal(1, simulators.GetProperty("channels").GetArrayLength());
        Assert.Equal(1, found.GetProperty("total").GetInt32());
        Assert.Equal(0, none.GetProperty("total").GetInt32());
        Assert.Equal(4, pending.GetProperty("total").GetInt32());
    }

    [PostgresTheory]
    [InlineData("page=0")]
    [InlineData("page=-1")]
    [InlineData("page=x")]
    [InlineData("page=")]
    [InlineData("limit=")]
    [InlineData("limit=0")]
    [InlineData("limit=1e3")]
    [InlineData("page=99999999999999999999")]
    public async Task A_page_that_is_none_is_refused(string query)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.GetAsync($"/api/v1/channels?{query}")).ProblemAsync(400, "invalid_parameter");

        Assert.Equal([query.Split('=')[0]], problem.Fields());
    }

    [PostgresTheory]
    [InlineData("status=sleepy", "status", "pending, connecting, active, inactive, disconnected, error")]
    [InlineData("status=Active", "status", "pending, connecting, active, inactive, disconnected, error")]
    [InlineData("type=carrier-pigeon", "type", "evolution")]
    public async Task A_filter_that_nothing_can_fit_is_refused_with_what_it_may_be(string query, string field, string known)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.GetAsync($"/api/v1/channels?{query}")).ProblemAsync(400, "invalid_parameter");

        Assert.Equal([field], problem.Fields());
        Assert.Contains(known, problem.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Channels_of_a_kind_that_was_taken_away_are_still_found()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        await Seed.RunAsync(host.Db, "update account set kind = 'pigeon' where id = $1", channel);
        await Seed.RunAsync(host.Db, "update connector set kind = 'pigeon' where id = (select connector_id from account where id = $1)", channel);

        var found = await (await tenant.Http.GetAsync("/api/v1/channels?type=pigeon")).JsonAsync();
        var active = await (await tenant.Http.GetAsync("/api/v1/channels?type=pigeon&status=active")).JsonAsync();

        Assert.Equal(channel, Assert.Single(found.GetProperty("channels").EnumerateArray()).GetProperty("id").GetGuid());
        Assert.Equal(0, active.GetProperty("total").GetInt32());
        await (await (await host.TenantAsync()).Http.GetAsync("/api/v1/channels?type=pigeon")).ProblemAsync(400, "invalid_parameter");
    }

    [PostgresFact]
    public async Task Nobody_waits_for_less_than_no_time()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{channel}/simulate?wait=-1", """{"from":"1","text":"x"}""")).ProblemAsync(400, "invalid_parameter");

        Assert.Equal(["wait"], problem.Fields());
    }

    [PostgresFact]
    public async Task An_activation_answers_what_became_of_it()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var on = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/activate", null)).JsonAsync();
        var read = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}")).JsonAsync();
        var off = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/deactivate", null)).JsonAsync();

        Assert.True(on.GetProperty("success").GetBoolean());
        Assert.Equal(id, on.GetProperty("channel_id").GetGuid());
        Assert.Equal("active", on.GetProperty("status").GetString());
        Assert.NotEqual(default, on.GetProperty("activated_at").GetDateTimeOffset());
        Assert.Equal("active", read.GetProperty("status").GetString());
        Assert.Equal("inactive", off.GetProperty("status").GetString());
    }

    [PostgresFact]
    public async Task Metrics_begin_at_zero()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var metrics = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}/metrics")).JsonAsync();

        Assert.Equal(0, metrics.GetProperty("messages_received").GetInt64());
        Assert.Equal(0, metrics.GetProperty("messages_sent").GetInt64());
        Assert.Equal(JsonValueKind.Null, metrics.GetProperty("last_message_at").ValueKind);
        Assert.Equal(JsonValueKind.Null, metrics.GetProperty("last_error").ValueKind);
    }

    [PostgresFact]
    public async Task Kinds_come_with_the_schema_of_their_settings()
    {
        var tenant = await host.TenantAsync();

        var kinds = await (await tenant.Http.GetAsync("/api/channels")).JsonAsync();

        var evolution = kinds.GetProperty("channels").EnumerateArray().Single(kind => kind.GetProperty("id").GetString() == "evolution");
        Assert.True(evolution.GetProperty("settings_schema").GetProperty("properties").TryGetProperty("base_url", out _));
    }

    private async Task<string> StoredTextAsync()
    {
        await using var command = host.Db.CreateCommand("""
            select string_agg(c::text, ' ') || coalesce((select string_agg(encode(secrets, 'escape'), ' ') from connector), '')
                || (select string_agg(a::text || encode(a.webhook_secret, 'escape') || coalesce(encode(a.agent_secrets, 'escape'), ''), ' ') from account a)
            from connector c
            """);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private static (string? OnFailure, string Keywords, string? HandoverText, int Debounce, bool Typing) Decisions(JsonElement channel) => (
        channel.GetProperty("on_agent_failure").GetString(),
        string.Join(',', channel.GetProperty("handover_keywords").EnumerateArray()),
        channel.GetProperty("handover_text").GetString(),
        channel.GetProperty("debounce_ms").GetInt32(),
        channel.GetProperty("typing").GetBoolean());
}
