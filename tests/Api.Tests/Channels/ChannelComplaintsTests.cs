using System.Net;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

/// <summary>What is wrong with a new channel, or with a change of one, is said all at once, by field, and nothing of it is done.</summary>
public sealed class ChannelComplaintsTests(ApiHost host) : IClassFixture<ApiHost>
{
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
    public async Task Nobody_waits_for_less_than_no_time()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{channel}/simulate?wait=-1", """{"from":"1","text":"x"}""")).ProblemAsync(400, "invalid_parameter");

        Assert.Equal(["wait"], problem.Fields());
    }
}
