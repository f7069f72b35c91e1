using System.Net.Http.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;
using Npgsql;

namespace Channels.Api.Tests.Tenancy;

/// <summary>With a share of one connection everything is carried out: no request asks for a second one while it holds the first, which its tenant's other requests might have.</summary>
public sealed class OneConnectionTests(OneConnectionTests.NarrowHost host) : IClassFixture<OneConnectionTests.NarrowHost>
{
    [PostgresFact]
    public async Task Whoever_may_hold_one_connection_can_do_everything()
    {
        var tenant = await host.TenantAsync();
        var rows = await Seed.OneOfEachAsync(host, tenant);
        var channel = await tenant.CreateEvolutionAsync("shop2", "5491100000002");

        foreach (var path in new[]
        {
            "channels", $"channels/{channel}", "conversations?search=a", $"conversations/{rows.Conversation}", $"conversations/{rows.Conversation}/messages",
            $"messages/{rows.Message}", $"messages/{rows.Message}/timeline", "events", "ledger", "parked-webhooks", "parked-webhooks/groups",
            "knowledge/documents", "api-keys",
        })
        {
            await (await tenant.Http.GetAsync($"/api/v1/{path}")).JsonAsync();
        }

        await (await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{channel}", """{"name":"renamed","config":{"api_key":"another"}}""")).JsonAsync();
        await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{channel}/rotate-webhook-secret", "{}")).JsonAsync();
        var document = await tenant.AddDocumentAsync(title: "another");
        await (await tenant.Http.SendJsonAsync(
            HttpMethod.Put, $"/api/v1/knowledge/documents/{document}", """{"collection":"faq","title":"another","content":"Other words."}""")).JsonAsync();
        for (var time = 0; time < 2; time++)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/channels") { Content = Asking.Json("""{"name":"n","channel_type":"simulator","identity":"once"}""") };
            request.Headers.Add("Idempotency-Key", "once");
            await (await tenant.Http.SendAsync(request)).JsonAsync(System.Net.HttpStatusCode.Created);
        }

        (await tenant.Http.DeleteAsync($"/api/v1/channels/{channel}")).EnsureSuccessStatusCode();
    }

    [PostgresFact]
    public async Task Many_requests_at_once_are_carried_out_one_after_the_other()
    {
        var tenant = await host.TenantAsync();

        var made = await Task.WhenAll(Enumerable.Range(0, 24).Select(at => tenant.AddDocumentAsync(title: $"document {at}")));

        Assert.Equal(24, made.Distinct().Count());
    }

    /// <summary>Of its three connections one listens, one is nobody's share, and one is all tenants'.</summary>
    public sealed class NarrowHost : ApiHost
    {
        protected override async Task<NpgsqlDataSource> CreateDatabaseAsync()
        {
            var made = await base.CreateDatabaseAsync();
            return NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(made.ConnectionString) { MaxPoolSize = 3 });
        }

        public override async Task DisposeAsync()
        {
            await Db.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
