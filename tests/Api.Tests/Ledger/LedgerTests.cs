using System.Net.Http.Headers;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Ledger;

public sealed class LedgerTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task What_was_acknowledged_and_is_nowhere_is_told()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        for (var number = 0; number < 3; number++)
        {
            await DeliverAsync(channel);
        }

        var before = await BookAsync(tenant);
        await Seed.RunAsync(host.Db, "delete from inbox where account_id = $1 and id = (select id from inbox where account_id = $1 limit 1)", channel);
        var after = await BookAsync(tenant);

        Assert.Equal((3, 3, 0, true), Webhooks(before));
        Assert.Equal("webhook", before.GetProperty("oldest_unfinished").GetProperty("what").GetString());
        Assert.Equal(JsonValueKind.Null, before.GetProperty("problem").ValueKind);
        Assert.Equal((3, 2, 1, false), Webhooks(after));
        Assert.StartsWith("1 webhooks were acknowledged and are nowhere.", after.GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_refused_webhook_is_not_in_the_books()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();

        using var refused = await PostAsync(channel, "wrong-secret-wrong-secret");
        await DeliverAsync(channel);

        Assert.Equal(401, (int)refused.StatusCode);
        Assert.Equal((1, 1, 0, true), Webhooks(await BookAsync(tenant)));
    }

    [PostgresFact]
    public async Task What_a_person_should_look_at_is_named_with_the_way_there()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        await DeliverAsync(channel);
        var quiet = await BookAsync(tenant);

        await Seed.RunAsync(host.Db, "update inbox set received_at = now() - interval '1 hour' where account_id = $1", channel);
        await Seed.ParkAsync(host, tenant.Id, channel, "x");
        await Seed.RunAsync(
            host.Db, "insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $2, $3, $3, 2, 1, now())",
            tenant.Id.Value, channel, Seed.NewId());
        var steps = (await BookAsync(tenant)).GetProperty("next_steps").EnumerateArray().Select(step => step.GetString()!).ToList();

        Assert.Equal(0, quiet.GetProperty("next_steps").GetArrayLength());
        Assert.Equal(3, steps.Count);
        Assert.Contains("/api/v1/parked-webhooks/groups", steps[0], StringComparison.Ordinal);
        Assert.Contains("/api/v1/messages?status=unknown", steps[1], StringComparison.Ordinal);
        Assert.Contains("A webhook has waited since", steps[2], StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Channels_are_paged_a_deleted_one_keeps_its_books_and_the_sum_is_of_all()
    {
        var tenant = await host.TenantAsync();
        var channels = new List<Guid>();
        for (var number = 0; number < 3; number++)
        {
            channels.Add(await tenant.CreateSimulatorAsync($"sim-{number}"));
            await DeliverAsync(channels[^1]);
        }

        await tenant.Http.DeleteAsync($"/api/v1/channels/{channels[0]}");

        var page = await (await tenant.Http.GetAsync("/api/v1/ledger?limit=2&page=2")).JsonAsync();
        var one = await (await tenant.Http.GetAsync($"/api/v1/ledger?channel_id={channels[1]}")).JsonAsync();

        Assert.Equal((3, 2, 2), (page.GetProperty("total").GetInt32(), page.GetProperty("page").GetInt32(), page.GetProperty("limit").GetInt32()));
        var last = Assert.Single(page.GetProperty("channels").EnumerateArray());
        Assert.Equal(channels[0], last.GetProperty("channel_id").GetGuid());
        Assert.True(last.TryGetProperty("deleted_at", out _));
        Assert.Equal((3, 3, 0, true), Webhooks(page.GetProperty("tenant")));
        Assert.Equal((1, 1, 0, true), Webhooks(one.GetProperty("tenant")));
        Assert.Equal(channels[1], Assert.Single(one.GetProperty("channels").EnumerateArray()).GetProperty("channel_id").GetGuid());
    }

    [PostgresFact]
    public async Task The_operator_sees_all_tenants_and_a_tenant_only_its_own()
    {
        var tenant = await host.TenantAsync("ledger-of-one");
        await DeliverAsync(await tenant.CreateSimulatorAsync());

        var all = await (await host.Operator().GetAsync("/api/v1/tenants/ledger?search=ledger-of-one")).JsonAsync();
        var foreign = await tenant.Http.GetAsync("/api/v1/tenants/ledger");

        var found = Assert.Single(all.GetProperty("tenants").EnumerateArray());
        Assert.Equal(tenant.Id.Value, found.GetProperty("tenant_id").GetGuid());
        Assert.Equal((1, 1, 0, true), Webhooks(found.GetProperty("book")));
        await foreign.ProblemAsync(403, "forbidden");
    }

    private static (long Accepted, long Waiting, long Difference, bool Balanced) Webhooks(JsonElement book)
    {
        var webhooks = book.GetProperty("webhooks");
        return (webhooks.GetProperty("accepted").GetInt64(), webhooks.GetProperty("waiting").GetInt64(), webhooks.GetProperty("difference").GetInt64(), book.GetProperty("balanced").GetBoolean());
    }

    private static async Task<JsonElement> BookAsync(TenantUnderTest tenant) => (await (await tenant.Http.GetAsync("/api/v1/ledger")).JsonAsync()).GetProperty("tenant");

    private async Task DeliverAsync(Guid channel)
    {
        using var answer = await PostAsync(channel, Asking.WebhookSecret);
        await answer.JsonAsync();
    }

    private Task<HttpResponseMessage> PostAsync(Guid channel, string secret) => host.Client().SendAsync(
        new HttpRequestMessage(HttpMethod.Post, $"/webhooks/simulator/{channel}")
        {
            Content = new StringContent("""{"from":"1","text":"x"}""", MediaTypeHeaderValue.Parse("application/json")), Headers = { { "X-Channels-Secret", secret } },
        });
}
