using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Tenants;

public sealed class TenantTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task A_tenant_is_born_with_an_org_unit_and_a_key_that_works_and_is_not_stored()
    {
        var made = await (await host.Operator().PostAsJsonAsync("/api/v1/tenants", new { name = "acme" })).JsonAsync(HttpStatusCode.Created);

        var key = made.GetProperty("api_key").GetString()!;
        await (await host.Client(key).GetAsync("/api/v1/channels")).JsonAsync();
        var read = await (await host.Operator().GetAsync($"/api/v1/tenants/{made.GetProperty("id")}")).JsonAsync();
        await using var command = host.Db.CreateCommand("select string_agg(k::text, ' ') from api_key k");
        Assert.StartsWith("chk_", key, StringComparison.Ordinal);
        Assert.NotEqual(Guid.Empty, read.GetProperty("default_org_unit_id").GetGuid());
        Assert.False(read.TryGetProperty("api_key", out _));
        Assert.DoesNotContain(key, (string)(await command.ExecuteScalarAsync())!, StringComparison.Ordinal);
        host.Logs.AssertAbsent(key, ApiHost.OperatorKey);
    }

    [PostgresFact]
    public async Task A_tenant_asked_for_twice_under_one_key_is_made_once_and_its_key_is_shown_again()
    {
        var name = $"once {Seed.NewId()}";

        var first = await CreateAsync(name, "tenant-1");
        var second = await CreateAsync(name, "tenant-1");
        var different = await CreateAsync("another", "tenant-1");

        var made = await first.JsonAsync(HttpStatusCode.Created);
        var key = made.GetProperty("api_key").GetString()!;
        Assert.Equal(made.GetRawText(), (await second.JsonAsync(HttpStatusCode.Created)).GetRawText());
        Assert.Equal("true", second.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Equal(1L, await host.ScalarAsync("select count(*) from tenant where name = $1", name));
        var kept = Convert.FromBase64String((string)(await host.ScalarAsync("select body from idempotency_key where key = 'tenant-1'"))!);
        Assert.DoesNotContain(key, System.Text.Encoding.Latin1.GetString(kept), StringComparison.Ordinal);
        await different.ProblemAsync(422, "idempotency_key_reused");
    }

    [PostgresFact]
    public async Task The_operators_keys_are_no_tenants()
    {
        var tenant = await host.TenantAsync();
        await CreateAsync("acme", "tenant-2");

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/api-keys") { Content = Asking.Json("""{"name":"n"}""") };
        request.Headers.Add("Idempotency-Key", "tenant-2");
        var own = await tenant.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Created, own.StatusCode);
    }

    [PostgresTheory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("chk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("' or 1=1 --")]
    public async Task Without_a_valid_key_nobody_gets_in(string? key)
    {
        var client = host.Client();
        if (key is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        }

        var answer = await client.GetAsync("/api/v1/channels");

        await answer.ProblemAsync(401, "unauthenticated");
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
    }

    [PostgresFact]
    public async Task A_tenants_key_does_not_reach_tenants_and_no_other_tenant()
    {
        var (one, other) = (await host.TenantAsync(), await host.TenantAsync());
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/channels");
        request.Headers.Add("X-Tenant-Id", other.Id.ToString());

        await (await one.Http.GetAsync("/api/v1/tenants")).ProblemAsync(403, "forbidden");
        await (await one.Http.SendAsync(request)).ProblemAsync(403, "forbidden");
    }

    [PostgresFact]
    public async Task The_operator_says_for_which_tenant_it_acts()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();
        var client = host.Operator();

        await (await client.GetAsync($"/api/v1/channels/{id}")).ProblemAsync(400, "tenant_required");
        client.DefaultRequestHeaders.Add("X-Tenant-Id", tenant.Id.ToString());
        await (await client.GetAsync($"/api/v1/channels/{id}")).JsonAsync();
        client.DefaultRequestHeaders.Remove("X-Tenant-Id");
        client.DefaultRequestHeaders.Add("X-Tenant-Id", Seed.NewId().ToString());
        await (await client.GetAsync($"/api/v1/channels/{id}")).ProblemAsync(404, "not_found");
    }

    [PostgresFact]
    public async Task A_tenant_is_suspended_and_resumed()
    {
        var tenant = await host.TenantAsync();

        var id = await tenant.CreateSimulatorAsync();

        var stopped = await (await host.Operator().PostAsJsonAsync($"/api/v1/tenants/{tenant.Id}/suspend", new { reason = "unpaid" })).JsonAsync();
        var held = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}")).JsonAsync();
        var listed = await (await tenant.Http.GetAsync("/api/v1/channels")).JsonAsync();
        var going = await (await host.Operator().PostAsync($"/api/v1/tenants/{tenant.Id}/resume", null)).JsonAsync();

        Assert.True(stopped.GetProperty("suspended").GetBoolean());
        Assert.Equal("unpaid", stopped.GetProperty("suspended_reason").GetString());
        Assert.False(going.GetProperty("suspended").GetBoolean());

        // Its tenant reads in the channel why nothing of it moves.
        var channel = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}")).JsonAsync();
        Assert.Equal("tenant_suspended", held.GetProperty("hold").GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.String, held.GetProperty("hold").GetProperty("since").ValueKind);
        Assert.Equal("tenant_suspended", listed.GetProperty("channels")[0].GetProperty("hold").GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.Null, channel.GetProperty("hold").ValueKind);
    }

    [PostgresFact]
    public async Task A_revoked_key_no_longer_works_here()
    {
        var tenant = await host.TenantAsync();
        var made = await (await tenant.Http.PostAsJsonAsync("/api/v1/api-keys", new { name = "second" })).JsonAsync(HttpStatusCode.Created);
        var second = host.Client(made.GetProperty("api_key").GetString());
        await (await second.GetAsync("/api/v1/channels")).JsonAsync();

        var revoked = await tenant.Http.DeleteAsync($"/api/v1/api-keys/{made.GetProperty("id")}");
        var list = await (await tenant.Http.GetAsync("/api/v1/api-keys")).JsonAsync();

        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        await (await second.GetAsync("/api/v1/channels")).ProblemAsync(401, "unauthenticated");
        Assert.DoesNotContain(made.GetProperty("api_key").GetString()!, list.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(2, list.GetProperty("api_keys").GetArrayLength());
    }

    [PostgresFact]
    public async Task A_tenant_needs_a_name()
    {
        await (await host.Operator().SendJsonAsync(HttpMethod.Post, "/api/v1/tenants", "{}")).ProblemAsync(422, "invalid_fields");
        await (await host.Operator().SendJsonAsync(HttpMethod.Post, "/api/v1/tenants", """{"name":" "}""")).ProblemAsync(422, "invalid_fields");
        await (await host.Operator().GetAsync($"/api/v1/tenants/{Seed.NewId()}")).ProblemAsync(404, "not_found");
    }

    private async Task<HttpResponseMessage> CreateAsync(string name, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tenants") { Content = JsonContent.Create(new { name }) };
        request.Headers.Add("Idempotency-Key", key);
        return await host.Operator().SendAsync(request);
    }
}
