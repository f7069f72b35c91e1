using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Events;

public sealed class EventTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task From_now_on_means_nothing_of_what_was_and_all_that_comes()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        await Seed.EventAsync(host, tenant.Id, channel);
        var before = await SeenAsync(tenant, "/api/v1/events", wanted: 1);

        var now = await (await tenant.Http.GetAsync("/api/v1/events?after=now")).JsonAsync();
        await Seed.EventAsync(host, tenant.Id, channel);
        var since = await SeenAsync(tenant, $"/api/v1/events?after={now.GetProperty("cursor").GetString()}", wanted: 1);

        Assert.Equal((0, false), (now.GetProperty("events").GetArrayLength(), now.GetProperty("more").GetBoolean()));
        Assert.NotEqual(IdOf(before), IdOf(since));
    }

    [PostgresFact]
    public async Task What_is_no_cursor_is_refused()
    {
        var problem = await (await (await host.TenantAsync()).Http.GetAsync("/api/v1/events?after=yesterday")).ProblemAsync(400, "invalid_parameter");

        Assert.Equal(["after"], problem.Fields());
    }

    // Events are shown once every transaction of the server that was running beside theirs is over.
    private static Task<JsonElement> SeenAsync(TenantUnderTest tenant, string path, int wanted) => Asking.EventuallyAsync(
        $"{wanted} events", async () => await (await tenant.Http.GetAsync(path)).JsonAsync(), page => page.GetProperty("events").GetArrayLength() == wanted);

    private static Guid IdOf(JsonElement page) => page.GetProperty("events")[0].GetProperty("id").GetGuid();
}
