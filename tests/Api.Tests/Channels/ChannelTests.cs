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
