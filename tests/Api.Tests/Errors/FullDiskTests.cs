using System.Net;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Errors;

/// <summary>The store answers, and its tables cannot grow.</summary>
public sealed class FullDiskTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task Whoever_can_store_no_webhook_is_not_ready_and_is_again_with_the_first_that_is_stored()
    {
        var channel = await (await host.TenantAsync()).CreateEvolutionAsync();
        await Seed.RunAsync(host.Db, "create function full_disk() returns trigger language plpgsql as $$ begin raise exception 'full' using errcode = '53100'; end $$");
        await Seed.RunAsync(host.Db, "create trigger full_disk before insert on inbox_0 for each row execute function full_disk()");
        await Seed.RunAsync(host.Db, "create trigger full_disk before insert on inbox_1 for each row execute function full_disk()");
        await (await host.Client().GetAsync("/readyz")).JsonAsync();

        await (await WebhookAsync(channel)).ProblemAsync(503, "store_unavailable");
        var problem = await (await host.Client().GetAsync("/readyz")).ProblemAsync(503, "not_ready");
        await Seed.RunAsync(host.Db, "drop function full_disk() cascade");
        Assert.Equal(HttpStatusCode.OK, (await WebhookAsync(channel)).StatusCode);

        await (await host.Client().GetAsync("/readyz")).JsonAsync();
        Assert.Contains("disk is full", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> WebhookAsync(Guid channel)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/evolution/{channel}") { Content = new ByteArrayContent("{}"u8.ToArray()) };
        request.Headers.Add("apikey", Asking.WebhookSecret);
        return await host.Client().SendAsync(request);
    }
}
