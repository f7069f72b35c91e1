using Channels.Api.Tests.Host;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

/// <summary>A paired channel's session hears of changed settings, or whoever changed them is not told that all is well.</summary>
public sealed class ChangedSettingsTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task A_session_is_told_of_a_change_though_its_account_could_not_be()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();
        host.Grains.Telling = _ => Task.FromException(new TimeoutException());

        var answer = await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{id}", """{"name":"changed"}""");
        host.Grains.Telling = null;

        Assert.Equal("changed", (await answer.JsonAsync()).GetProperty("name").GetString());
        Assert.Contains(new AccountId(id), host.Grains.Checked);
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_change_that_the_session_could_not_be_told_of_is_kept_and_not_said_to_be_done(bool storeAway)
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();
        host.Grains.Failure = storeAway ? new StoreUnavailableException() : new TimeoutException();

        var answer = await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{id}", """{"name":"changed"}""");
        host.Grains.Failure = null;

        await answer.ProblemAsync(503, "busy");
        Assert.Equal("changed", (await (await tenant.Http.GetAsync($"/api/v1/channels/{id}")).JsonAsync()).GetProperty("name").GetString());
    }
}
