using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

/// <summary>Secrets inside an object among a channel's settings.</summary>
public sealed class NestedSecretsTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task They_are_never_shown_and_are_kept_until_they_are_replaced()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateWahaAsync();

        var seen = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}")).JsonAsync();
        var changed = await (await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{id}", """{"config":{"import_strategy":"recent"}}""")).JsonAsync();
        var replaced = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Put, $"/api/v1/channels/{id}",
            """{"name":"w","channel_type":"waha","config":{"baseURL":"https://waha.example","sessionID":"shop","auth":{"type":"basic","username":"mira","password":"other-w0rd"}}}""")).JsonAsync();

        Assert.All([seen, changed, replaced], answer =>
        {
            Assert.DoesNotContain("mira", answer.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("w0rd", answer.ToString(), StringComparison.Ordinal);
            Assert.Equal("shop", answer.GetProperty("config").GetProperty("session").GetString());
        });
        Assert.Equal("recent", changed.GetProperty("config").GetProperty("import_strategy").GetString());
    }

    [PostgresFact]
    public async Task Complaints_name_the_place_inside()
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Post, "/api/v1/channels", """{"name":"w","channel_type":"waha","config":{"base_url":"https://waha.example","session":"shop","auth":{"type":"digest","username":"mira"}}}"""))
            .ProblemAsync(422, "invalid_fields");

        Assert.Equal(["config.auth.type", "config.auth.password"], problem.Fields());
    }
}
