using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Agents;

public sealed class AgentTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task Every_agent_kind_is_listed_with_its_settings()
    {
        var tenant = await host.TenantAsync();

        var agents = (await (await tenant.Http.GetAsync("/api/v1/agents")).JsonAsync()).GetProperty("agents").EnumerateArray().ToArray();

        Assert.Equal(["echo", "http", "knowledge", "none", "openai"], agents.Select(agent => agent.GetProperty("kind").GetString()));
        Assert.All(agents, agent => Assert.NotEqual("", agent.GetProperty("summary").GetString()));
        var settings = agents[4].GetProperty("settings").EnumerateArray().ToDictionary(setting => setting.GetProperty("name").GetString()!);
        Assert.True(settings["api_key"].GetProperty("secret").GetBoolean());
        Assert.True(settings["model"].GetProperty("required").GetBoolean());
        Assert.Contains("max_passages", settings["knowledge"].GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_channel_takes_the_agent_that_knows_and_its_complaints_name_the_field()
    {
        var tenant = await host.TenantAsync();

        var wrong = await (await CreateAsync(tenant, new { kind = "knowledge", max_passages = 9, colections = new[] { "faq" } })).ProblemAsync(422, "invalid_fields");
        var made = await (await CreateAsync(tenant, new { kind = "knowledge", collections = new[] { "faq" }, min_match = 0.4 })).JsonAsync(HttpStatusCode.Created);

        Assert.Equal(["agent.max_passages", "agent.colections"], wrong.Fields());
        Assert.Equal(0.4, made.GetProperty("agent").GetProperty("min_match").GetDouble());
    }

    private static Task<HttpResponseMessage> CreateAsync(TenantUnderTest tenant, object agent) =>
        tenant.Http.PostAsJsonAsync("/api/v1/channels", new { name = "n", channel_type = "simulator", agent });
}
