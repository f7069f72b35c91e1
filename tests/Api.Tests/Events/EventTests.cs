using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Core.Ids;
using Channels.Storage.Maintenance;
using Channels.Testing;

namespace Channels.Api.Tests.Events;

public sealed class EventTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly DateTimeOffset _ofOld = new(2020, 1, 8, 12, 0, 0, TimeSpan.Zero);

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

    [PostgresFact]
    public async Task Who_comes_back_after_events_went_is_told_and_goes_on_with_the_cursor_it_is_given()
    {
        var (tenant, quiet) = (await host.TenantAsync(), await host.TenantAsync());
        await TimePartitions.EnsureAsync(host.Db, new ManualClock(_ofOld), default);
        foreach (var (of, transaction, at) in new[] { (tenant, "10", _ofOld), (tenant, "11", _ofOld.AddHours(1)), (quiet, "10", _ofOld), (tenant, "12", _ofOld.AddDays(7)), (quiet, "12", _ofOld.AddDays(7)) })
        {
            await Seed.RunAsync(
                host.Db, "insert into event (tenant_id, xid, id, type, data) values ($1, $2::xid8, $3, $2, '{}')", of.Id.Value, transaction, IdSource.Floor(at));
        }

        var (cursor, quietCursor) = (await FirstAsync(tenant), await FirstAsync(quiet));
        await TimePartitions.DropAsync(host.Db, TimePartitions.Event, new(2020, 1, 13, 0, 0, 0, TimeSpan.Zero), default);
        var problem = await (await tenant.Http.GetAsync($"/api/v1/events?after={cursor}")).ProblemAsync(410, "events_gone");
        var kept = await (await tenant.Http.GetAsync($"/api/v1/events?after={problem.GetProperty("cursor").GetString()}")).JsonAsync();
        var after = await (await tenant.Http.GetAsync($"/api/v1/events?after={kept.GetProperty("cursor").GetString()}")).JsonAsync();
        var ofQuiet = await (await quiet.Http.GetAsync($"/api/v1/events?after={quietCursor}")).JsonAsync();

        Assert.Equal("after", problem.GetProperty("errors")[0].GetProperty("field").GetString());
        Assert.Contains("created_at of the last of them was 2020-01-08T13:00:00Z", problem.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("after = this answer's cursor", problem.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Equal("12", TypesOf(kept));
        Assert.Equal("", TypesOf(after));
        Assert.Equal("12", TypesOf(ofQuiet));
    }

    [PostgresFact]
    public async Task A_cursor_of_the_store_that_this_one_was_restored_from_is_told_from_one_that_has_seen_everything()
    {
        var problem = await (await (await host.TenantAsync()).Http.GetAsync($"/api/v1/events?after=9000000000-{Guid.Empty:N}")).ProblemAsync(410, "events_gone");

        Assert.StartsWith($"0-{Guid.Empty:N}", problem.GetProperty("cursor").GetString(), StringComparison.Ordinal);
        Assert.Contains("restored", problem.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task<string?> FirstAsync(TenantUnderTest tenant) =>
        (await (await tenant.Http.GetAsync("/api/v1/events?limit=1")).JsonAsync()).GetProperty("cursor").GetString();

    private static string TypesOf(JsonElement page) => string.Join(' ', page.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("type").GetString()));

    // Events are shown once every transaction of the server that was running beside theirs is over.
    private static Task<JsonElement> SeenAsync(TenantUnderTest tenant, string path, int wanted) => Asking.EventuallyAsync(
        $"{wanted} events", async () => await (await tenant.Http.GetAsync(path)).JsonAsync(), page => page.GetProperty("events").GetArrayLength() == wanted);

    private static Guid IdOf(JsonElement page) => page.GetProperty("events")[0].GetProperty("id").GetGuid();
}
