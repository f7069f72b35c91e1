using System.Net;
using Channels.Api.Tests.Host;
using Channels.Core.Ids;
using Channels.Testing;

namespace Channels.Api.Tests.Parked;

public sealed class ParkedTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task A_parked_webhook_shows_its_reason_and_its_body_without_secrets()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateEvolutionAsync();
        var id = await Seed.ParkAsync(
            host, tenant.Id, channel,
            $$"""{"event":"x","apikey":"B6D7-instance-token","data":{"accessToken":"EAAB","note":"{\"token\":\"inner\"}","where":"url?secret=quer&x=1 {{Asking.WebhookSecret}} the-gateways-api-key" """);

        var list = await (await tenant.Http.GetAsync("/api/v1/parked-webhooks")).JsonAsync();
        var one = await (await tenant.Http.GetAsync($"/api/v1/parked-webhooks/{id}")).JsonAsync();

        foreach (var text in new[] { list.GetRawText(), one.GetRawText() })
        {
            Assert.Contains("not JSON", text, StringComparison.Ordinal);
            foreach (var secret in new[] { "B6D7", "EAAB", "inner", "quer&", Asking.WebhookSecret, "the-gateways-api-key" })
            {
                Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
            }
        }
    }

    [PostgresFact]
    public async Task A_replayed_webhook_moves_back_into_the_inbox_with_a_fresh_id()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var id = await Seed.ParkAsync(host, tenant.Id, channel, "the body");

        var replayed = await tenant.Http.PostAsync($"/api/v1/parked-webhooks/{id}/replay", null);
        var again = await tenant.Http.PostAsync($"/api/v1/parked-webhooks/{id}/replay", null);
        await using var command = host.Db.CreateCommand("select id, body from inbox where account_id = $1");
        command.Parameters.Add(new() { Value = channel });
        await using var row = await command.ExecuteReaderAsync();

        Assert.Equal(HttpStatusCode.Accepted, replayed.StatusCode);
        await again.ProblemAsync(404, "not_found");
        Assert.True(await row.ReadAsync());
        Assert.True(row.GetGuid(0) != id);
        Assert.Equal("the body"u8.ToArray(), row.GetFieldValue<byte[]>(1));
        Assert.Contains(new AccountId(channel), host.Hints.ThosePutBack);
    }

    [PostgresFact]
    public async Task What_will_never_be_read_is_thrown_away_and_stays_in_the_books()
    {
        var (tenant, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        var (channel, other) = (await tenant.CreateSimulatorAsync(), await tenant.CreateSimulatorAsync("other"));
        var one = await Seed.ParkAsync(host, tenant.Id, channel, "1", "not JSON from line 1");
        await Seed.ParkAsync(host, tenant.Id, channel, "2", "not JSON from line 2");
        await Seed.ParkAsync(host, tenant.Id, other, "3", "not JSON from line 3");
        await Seed.ParkAsync(host, tenant.Id, other, "4", "something else");
        await Seed.ParkAsync(host, stranger.Id, await stranger.CreateSimulatorAsync(), "5", "not JSON from line 3");
        await Seed.RunAsync(host.Db, "insert into acceptance (tenant_id, account_id, accepted) values ($1, $2, 2), ($1, $3, 2)", tenant.Id.Value, channel, other);
        await Seed.RunAsync(host.Db, "update account set deleted_at = now() where id = $1", other);

        var discarded = await (await tenant.Http.DeleteAsync($"/api/v1/parked-webhooks/{one}")).JsonAsync();
        var again = await tenant.Http.DeleteAsync($"/api/v1/parked-webhooks/{one}");
        var everything = await tenant.Http.DeleteAsync("/api/v1/parked-webhooks");
        var group = await (await tenant.Http.DeleteAsync("/api/v1/parked-webhooks?cause=not%20JSON%20from%20line%20%23")).JsonAsync();
        var ledger = (await (await tenant.Http.GetAsync("/api/v1/ledger")).JsonAsync()).GetProperty("tenant");

        Assert.Equal((1, 2), (discarded.GetProperty("discarded").GetInt32(), group.GetProperty("discarded").GetInt32()));
        await again.ProblemAsync(404, "not_found");
        await everything.ProblemAsync(400, "invalid_parameter");
        Assert.True(ledger.GetProperty("balanced").GetBoolean(), ledger.GetRawText());
        Assert.Equal((3, 1), (ledger.GetProperty("webhooks").GetProperty("finished").GetInt32(), ledger.GetProperty("webhooks").GetProperty("parked").GetInt32()));
        Assert.Equal(3, ledger.GetProperty("dropped").EnumerateArray().Single(drop => drop.GetProperty("reason").GetString()!.Contains("threw away", StringComparison.Ordinal)).GetProperty("count").GetInt32());
        Assert.Equal(1L, await host.ScalarAsync("select count(*) from parked_webhook where tenant_id = $1", stranger.Id.Value));
    }

    [PostgresFact]
    public async Task All_of_a_channel_are_replayed_in_their_order()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        foreach (var number in Enumerable.Range(1, 3))
        {
            await Seed.ParkAsync(host, tenant.Id, channel, $"{number}");
        }

        var answer = await (await tenant.Http.PostAsync($"/api/v1/channels/{channel}/parked-webhooks/replay", null)).JsonAsync(HttpStatusCode.Accepted);
        await using var command = host.Db.CreateCommand("select string_agg(convert_from(body, 'utf8'), ',' order by id) from inbox where account_id = $1");
        command.Parameters.Add(new() { Value = channel });

        Assert.Equal(3, answer.GetProperty("replayed").GetInt32());
        Assert.Equal("1,2,3", await command.ExecuteScalarAsync());
    }
}
