using System.Net;
using System.Net.Http.Json;
using Channels.Api.Tests.Host;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Tests.Tenancy;

/// <summary>However many slow requests one tenant sends, everybody else finds a connection to the store.</summary>
public sealed class ShareTests(ApiHost host) : IClassFixture<ApiHost>
{
    /// <summary>More than the pool has connections, which is 20 here.</summary>
    private const int Many = 60;

    /// <summary>Half of the three quarters that are tenants'.</summary>
    private const int Share = 8;

    [PostgresFact]
    public async Task A_tenant_with_many_slow_requests_has_its_share_and_all_others_are_served()
    {
        var (greedy, other) = (await host.TenantAsync("greedy"), await host.TenantAsync("other"));
        var channel = new AccountId(await other.CreateEvolutionAsync());
        await using var slow = await host.Db.OpenConnectionAsync();
        await using var held = await slow.BeginTransactionAsync();
        await using (var slowdown = slow.CreateCommand())
        {
            slowdown.CommandText = "lock table conversation in access exclusive mode";
            await slowdown.ExecuteNonQueryAsync();
        }

        var asked = Enumerable.Range(0, Many).Select(_ => greedy.Http.GetAsync("/api/v1/conversations?search=ana")).ToArray();
        await Asking.EventuallyAsync("the greedy tenant's share to be taken", WaitingAsync, waiting => waiting >= Share);

        // As after half a minute: every webhook's channel is looked up again, every key too.
        for (var round = 0; round < 3; round++)
        {
            host.Services.GetRequiredService<ChannelDirectory>().Forget(channel);
            Assert.Equal(HttpStatusCode.OK, (await WebhookAsync(channel)).StatusCode);
            await (await other.Http.GetAsync("/api/v1/channels")).JsonAsync();
            await other.AddDocumentAsync(title: $"document {round}");
            await (await host.Operator().GetAsync("/api/v1/tenants/ledger")).JsonAsync();
            await (await host.Client().GetAsync("/readyz")).JsonAsync();
        }

        await Asking.EventuallyAsync("the others of its requests to be refused", () => Task.FromResult(asked.Count(one => one.IsCompleted)), done => done >= Many - Share);
        Assert.Equal(Share, await WaitingAsync());
        await held.CommitAsync();

        var answers = await Task.WhenAll(asked);
        Assert.Equal(Share, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        foreach (var refused in answers.Where(answer => answer.StatusCode != HttpStatusCode.OK))
        {
            Assert.NotNull(refused.Headers.RetryAfter);
            var problem = await refused.ProblemAsync(503, "store_unavailable");
            Assert.Contains("this tenant", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await (await greedy.Http.GetAsync("/api/v1/conversations?search=ana")).JsonAsync();
    }

    [PostgresFact]
    public async Task What_is_done_in_part_is_brought_to_its_end_when_its_tenants_share_is_taken_meanwhile()
    {
        var tenant = await host.TenantAsync("busy");
        var channel = await tenant.CreateEvolutionAsync();
        await using var slow = await host.Db.OpenConnectionAsync();
        await using var held = await slow.BeginTransactionAsync();
        Task<HttpResponseMessage>[] lists = [];
        host.Grains.Telling = async _ =>
        {
            // The new secret is written by now, and shown once.
            await using var slowdown = slow.CreateCommand();
            slowdown.CommandText = "lock table conversation in access exclusive mode";
            await slowdown.ExecuteNonQueryAsync();
            lists = [.. Enumerable.Range(0, Share).Select(_ => tenant.Http.GetAsync("/api/v1/conversations?search=ana"))];
            await Asking.EventuallyAsync("the share to be taken", WaitingAsync, waiting => waiting >= Share);
        };

        var rotating = tenant.Http.PostAsync($"/api/v1/channels/{channel}/rotate-webhook-secret", null);
        await Task.WhenAny(rotating, Task.Delay(TimeSpan.FromSeconds(7)));
        host.Grains.Telling = null;
        var waited = !rotating.IsCompleted;
        await held.CommitAsync();

        Assert.True(waited);
        Assert.NotEmpty((await (await rotating).JsonAsync()).GetProperty("webhook_secret").GetString()!);
        await Task.WhenAll(lists);
    }

    private async Task<long> WaitingAsync() =>
        (long)(await host.ScalarAsync("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))!;

    private async Task<HttpResponseMessage> WebhookAsync(AccountId channel)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/evolution/{channel}") { Content = new ByteArrayContent("{}"u8.ToArray()) };
        request.Headers.Add("apikey", Asking.WebhookSecret);
        return await host.Client().SendAsync(request);
    }
}
