using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

/// <summary>The list of channels: what it finds, and what it refuses to be asked.</summary>
public sealed class ChannelListTests(ApiHost host) : IClassFixture<ApiHost>
{
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
}
