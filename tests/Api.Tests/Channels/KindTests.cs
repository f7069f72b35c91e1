using System.Net;
using System.Net.Http.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

public sealed class KindTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task Every_kind_is_listed_with_what_the_tenant_does_with_it()
    {
        var (tenant, other) = (await host.TenantAsync(), await host.TenantAsync());
        await tenant.CreateSimulatorAsync();

        var mine = (await (await tenant.Http.GetAsync("/api/channels")).JsonAsync()).GetProperty("channels").EnumerateArray().Single(kind => kind.GetProperty("id").GetString() == "simulator");
        var theirs = (await (await other.Http.GetAsync("/api/channels")).JsonAsync()).GetProperty("channels").EnumerateArray().Single(kind => kind.GetProperty("id").GetString() == "simulator");

        Assert.Equal((1, 0), (mine.GetProperty("configuration").GetProperty("channels").GetInt32(), theirs.GetProperty("configuration").GetProperty("channels").GetInt32()));
        Assert.Equal("available", mine.GetProperty("status").GetString());
        Assert.True(mine.GetProperty("configuration").GetProperty("enabled").GetBoolean());
    }

    [PostgresFact]
    public async Task The_operator_sees_what_the_tenant_it_names_does_with_each_kind()
    {
        var tenant = await host.TenantAsync();
        await tenant.CreateSimulatorAsync();

        var named = await (await AskAsync(tenant.Id.ToString())).JsonAsync();
        var none = await (await AskAsync(null)).JsonAsync();

        Assert.Equal(1, Simulator(named).GetProperty("configuration").GetProperty("channels").GetInt32());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, Simulator(none).GetProperty("configuration").ValueKind);
        await (await AskAsync(Seed.NewId().ToString())).ProblemAsync(404, "not_found");
        await (await AskAsync("acme")).ProblemAsync(400, "invalid_parameter");

        Task<HttpResponseMessage> AskAsync(string? of)
        {
            var http = host.Operator();
            http.DefaultRequestHeaders.Add("X-Tenant-Id", of is null ? [] : [of]);
            return http.GetAsync("/api/channels");
        }

        static System.Text.Json.JsonElement Simulator(System.Text.Json.JsonElement kinds) =>
            kinds.GetProperty("channels").EnumerateArray().Single(kind => kind.GetProperty("id").GetString() == "simulator");
    }

    [PostgresFact]
    public async Task A_kind_that_is_switched_off_takes_no_channels_until_it_is_switched_on()
    {
        var (tenant, other) = (await host.TenantAsync(), await host.TenantAsync());
        var channel = await tenant.CreateSimulatorAsync();
        await tenant.Http.PostAsync($"/api/v1/channels/{channel}/activate", null);

        var off = await (await tenant.Http.PostAsJsonAsync("/api/channels/disable", new { channel_type = "simulator" })).JsonAsync();
        await (await tenant.Http.PostAsJsonAsync("/api/channels/disable", new { channel_type = "simulator" })).JsonAsync();
        await (await CreateAsync(tenant)).ProblemAsync(409, "kind_disabled");
        await (await tenant.Http.PostAsync($"/api/v1/channels/{channel}/activate", null)).ProblemAsync(409, "kind_disabled");
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync(other)).StatusCode);
        var listed = (await (await tenant.Http.GetAsync("/api/channels")).JsonAsync()).GetProperty("channels").EnumerateArray().Single(kind => kind.GetProperty("id").GetString() == "simulator");
        var on = await (await tenant.Http.PostAsJsonAsync("/api/channels/enable", new { channel_type = "simulator" })).JsonAsync();

        Assert.Equal((false, 0, 1), (off.GetProperty("enabled").GetBoolean(), off.GetProperty("deactivated").GetInt32(), off.GetProperty("active_channels").GetInt32()));
        Assert.Equal("disabled", listed.GetProperty("status").GetString());
        Assert.True(on.GetProperty("enabled").GetBoolean());
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync(tenant)).StatusCode);
    }

    [PostgresFact]
    public async Task Switched_off_with_its_channels_none_of_them_runs()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        await tenant.Http.PostAsync($"/api/v1/channels/{channel}/activate", null);

        var off = await (await tenant.Http.PostAsJsonAsync("/api/channels/disable", new { channel_type = "simulator", deactivate_channels = true })).JsonAsync();

        Assert.Equal((1, 0), (off.GetProperty("deactivated").GetInt32(), off.GetProperty("active_channels").GetInt32()));
        Assert.Equal("inactive", (await (await tenant.Http.GetAsync($"/api/v1/channels/{channel}")).JsonAsync()).GetProperty("status").GetString());
    }

    [PostgresTheory]
    [InlineData("/api/channels/validate")]
    [InlineData("/api/channels/enable")]
    [InlineData("/api/channels/disable")]
    public async Task A_kind_that_is_none_is_named_with_those_there_are(string path)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.PostAsJsonAsync(path, new { channel_type = "pigeon" })).ProblemAsync(422, "invalid_fields");

        Assert.Equal(["channel_type"], problem.Fields());
    }

    [PostgresFact]
    public async Task Every_complaint_about_settings_names_field_rule_and_remedy_and_no_secret()
    {
        var tenant = await host.TenantAsync();

        var answer = await (await tenant.Http.PostAsJsonAsync(
            "/api/channels/validate", new { channel_type = "evolution", check_connection = true, config = new { baseURL = "gateway", apikey = "a secret key", colour = "red" } })).JsonAsync();

        Assert.False(answer.GetProperty("valid").GetBoolean());
        Assert.False(answer.GetProperty("checked_connection").GetBoolean());
        var complaints = answer.GetProperty("complaints").EnumerateArray().ToList();
        Assert.Equal(
            ["api_key:pattern", "base_url:format", "base_url:pattern", "colour:unknown", "instance_name:required"],
            complaints.Select(one => $"{one.GetProperty("field").GetString()}:{one.GetProperty("rule").GetString()}").Order(StringComparer.Ordinal));
        Assert.All(complaints, one => Assert.True(one.GetProperty("message").GetString()!.Length > 0 && one.GetProperty("remedy").GetString()!.Length > 0));
        Assert.DoesNotContain("a secret key", answer.ToString(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_provider_that_is_not_there_is_a_complaint_about_its_address()
    {
        var tenant = await host.TenantAsync();

        var answer = await (await tenant.Http.PostAsJsonAsync(
            "/api/channels/validate",
            new { channel_type = "evolution", check_connection = true, config = new { base_url = "http://127.0.0.1:1", api_key = "k", instance_name = "i" } })).JsonAsync();

        Assert.True(answer.GetProperty("checked_connection").GetBoolean());
        var complaint = Assert.Single(answer.GetProperty("complaints").EnumerateArray());
        Assert.Equal(("base_url", "unreachable"), (complaint.GetProperty("field").GetString(), complaint.GetProperty("rule").GetString()));
    }

    [PostgresFact]
    public async Task A_change_is_checked_with_the_secrets_that_are_kept()
    {
        var (tenant, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        var channel = await tenant.CreateEvolutionAsync(instance: "kept-secrets");
        var change = new { channel_type = "evolution", channel_id = channel, config = new { instance_name = "another" } };

        var answer = await (await tenant.Http.PostAsJsonAsync("/api/channels/validate", change)).JsonAsync();

        Assert.True(answer.GetProperty("valid").GetBoolean(), answer.ToString());
        await (await stranger.Http.PostAsJsonAsync("/api/channels/validate", change)).ProblemAsync(404, "not_found");
    }

    [PostgresFact]
    public async Task A_channels_own_connection_is_tested_and_a_kind_that_cannot_be_asked_says_so()
    {
        var tenant = await host.TenantAsync();
        var gateway = await tenant.CreateEvolutionAsync(instance: "tested", gateway: "http://127.0.0.1:1");
        var simulator = await tenant.CreateSimulatorAsync();

        var answer = await (await tenant.Http.PostAsync($"/api/v1/channels/{gateway}/test-connection", null)).JsonAsync();

        Assert.False(answer.GetProperty("ok").GetBoolean());
        Assert.Equal("base_url", answer.GetProperty("complaints")[0].GetProperty("field").GetString());
        await (await tenant.Http.PostAsync($"/api/v1/channels/{simulator}/test-connection", null)).ProblemAsync(409, "wrong_channel_kind");
    }

    private static Task<HttpResponseMessage> CreateAsync(TenantUnderTest tenant) =>
        tenant.Http.PostAsJsonAsync("/api/v1/channels", new { name = "Another", channel_type = "simulator", identity = "another", agent = new { kind = "echo" } });
}
