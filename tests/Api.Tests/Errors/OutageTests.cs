using System.Net;
using Channels.Api.Tests.Host;
using Channels.Testing;
using Npgsql;

namespace Channels.Api.Tests.Errors;

public sealed class OutageTests(OutageTests.OutageHost host) : IClassFixture<OutageTests.OutageHost>
{
    [PostgresFact]
    public async Task While_the_store_is_away_everything_gets_503_and_afterwards_all_goes_on()
    {
        var tenant = await host.TenantAsync();
        var known = await tenant.CreateEvolutionAsync();
        Assert.Equal(HttpStatusCode.OK, (await WebhookAsync(known)).StatusCode);

        await host.Server.StopServerAsync();
        await (await WebhookAsync(known)).ProblemAsync(503, "store_unavailable");
        var unknown = await WebhookAsync(Seed.NewId());
        await unknown.ProblemAsync(503, "store_unavailable");
        Assert.NotNull(unknown.Headers.RetryAfter);
        var global = await GlobalWebhookAsync();
        await global.ProblemAsync(503, "store_unavailable");
        Assert.NotNull(global.Headers.RetryAfter);
        await (await tenant.Http.GetAsync("/api/v1/channels")).ProblemAsync(503, "store_unavailable");
        await (await host.Client("chk_of-nobody-known-here").GetAsync("/api/v1/channels")).ProblemAsync(503, "store_unavailable");
        await (await host.Operator().GetAsync("/api/v1/tenants")).ProblemAsync(503, "store_unavailable");
        await (await host.Client().GetAsync("/readyz")).ProblemAsync(503, "not_ready");
        await (await host.Client().GetAsync("/healthz")).JsonAsync();

        await host.Server.StartServerAsync();
        await Asking.EventuallyAsync("webhooks taken again", async () => (await WebhookAsync(known)).StatusCode, status => status == HttpStatusCode.OK);
        await Asking.EventuallyAsync(
            "the API to answer again", async () => (await tenant.Http.GetAsync("/api/v1/channels")).StatusCode, status => status == HttpStatusCode.OK);
        await Asking.EventuallyAsync("the global address to find channels again", async () => (await GlobalWebhookAsync()).StatusCode, status => status == HttpStatusCode.OK);
        await Asking.EventuallyAsync("unknown channels to be told", async () => (await WebhookAsync(Seed.NewId())).StatusCode, status => status == HttpStatusCode.NotFound);
    }

    [PostgresFact]
    public async Task A_role_that_is_missing_in_the_database_is_not_the_callers_fault()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        await Seed.RunAsync(host.Db, "alter role channels_tenant rename to taken_away");
        var read = await tenant.Http.GetAsync("/api/v1/channels");
        var written = await tenant.Http.SendJsonAsync(HttpMethod.Patch, $"/api/v1/channels/{id}", """{"name":"n"}""");
        await Seed.RunAsync(host.Db, "alter role taken_away rename to channels_tenant");

        await read.ProblemAsync(500, "internal_error");
        await written.ProblemAsync(500, "internal_error");
        Assert.Contains(host.Logs.Entries, entry => entry.Everything.Contains("The role channels_tenant must exist", StringComparison.Ordinal));
    }

    private async Task<HttpResponseMessage> WebhookAsync(Guid channel)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/evolution/{channel}") { Content = new ByteArrayContent("{}"u8.ToArray()) };
        request.Headers.Add("apikey", Asking.WebhookSecret);
        return await host.Client().SendAsync(request);
    }

    private async Task<HttpResponseMessage> GlobalWebhookAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/webhooks/evolution") { Content = new ByteArrayContent("""{"instance":"shop1"}"""u8.ToArray()) };
        request.Headers.Add("apikey", Asking.WebhookSecret);
        return await host.Client().SendAsync(request);
    }

    /// <summary>On a server of its own, which the test takes away.</summary>
    public sealed class OutageHost : ApiHost
    {
        public OwnPostgres Server { get; private set; } = null!;

        protected override async Task<NpgsqlDataSource> CreateDatabaseAsync()
        {
            Server = await OwnPostgres.StartAsync();
            return NpgsqlDataSource.Create(Server.ConnectionString);
        }

        public override async Task DisposeAsync()
        {
            await base.DisposeAsync();
            await Db.DisposeAsync();
            await Server.DisposeAsync();
        }
    }
}
