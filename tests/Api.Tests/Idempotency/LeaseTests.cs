using Channels.Api.Tests.Host;
using Channels.Storage.Idempotency;
using Channels.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Tests.Idempotency;

public sealed class LeaseTests(LeaseTests.WatchedHost host) : IClassFixture<LeaseTests.WatchedHost>
{
    private static readonly byte[] Hash = [1];

    private IdempotencyStore Store => host.Services.GetRequiredService<IdempotencyStore>();

    [PostgresFact]
    public async Task Who_hangs_up_finds_the_answer_and_nothing_is_done_twice()
    {
        var tenant = await host.TenantAsync();
        var path = $"/api/v1/channels/{await tenant.CreateSimulatorAsync()}/rotate-webhook-secret";
        var begun = new TaskCompletionSource();
        var hungUp = host.NextHangUp();
        host.Grains.Telling = _ =>
        {
            begun.SetResult();
            return hungUp;
        };
        using var patience = new CancellationTokenSource();

        var first = tenant.Http.SendAsync(Rotation(path), patience.Token);
        await begun.Task;
        host.Grains.Telling = null;
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = await Asking.EventuallyAsync("the answer to be kept", () => tenant.Http.SendAsync(Rotation(path)), answer => (int)answer.StatusCode != 409);

        await second.JsonAsync();
        Assert.Equal("true", second.Headers.GetValues("Idempotency-Replayed").Single());
    }

    [PostgresFact]
    public async Task Of_many_who_repeat_what_was_left_behind_one_does_it()
    {
        var tenant = (await host.TenantAsync()).Id;
        var first = (IdempotencyClaim.Fresh)await Store.BeginAsync(tenant, "left", Hash, default);
        await AgeAsync("left", IdempotencyStore.Lease + TimeSpan.FromSeconds(1));

        var claims = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Store.BeginAsync(tenant, "left", Hash, default)));
        var later = await Store.BeginAsync(tenant, "left", Hash, default);

        // Ids follow from when the key was first seen.
        Assert.Equal(first.Since - TimeSpan.FromSeconds(121), Assert.Single(claims.OfType<IdempotencyClaim.Fresh>()).Since, TimeSpan.FromMilliseconds(1));
        Assert.Equal(9, claims.OfType<IdempotencyClaim.UnderWay>().Count());
        Assert.IsType<IdempotencyClaim.UnderWay>(later);
    }

    [PostgresFact]
    public async Task Who_comes_to_an_end_after_his_claim_has_gone_to_another_neither_frees_nor_answers_it()
    {
        var tenant = (await host.TenantAsync()).Id;
        var first = (IdempotencyClaim.Fresh)await Store.BeginAsync(tenant, "gone on", Hash, default);
        await AgeAsync("gone on", IdempotencyStore.Lease + TimeSpan.FromSeconds(1));
        Assert.IsType<IdempotencyClaim.Fresh>(await Store.BeginAsync(tenant, "gone on", Hash, default));

        await Store.DropAsync(tenant, "gone on", first.ClaimedAt, default);
        await Store.KeepAsync(tenant, "gone on", new(201, "{}", null), tenant, first.ClaimedAt, default);

        Assert.IsType<IdempotencyClaim.UnderWay>(await Store.BeginAsync(tenant, "gone on", Hash, default));
    }

    [PostgresFact]
    public async Task A_request_that_takes_as_long_as_any_may_is_not_overtaken()
    {
        var tenant = (await host.TenantAsync()).Id;
        await Store.BeginAsync(tenant, "long", Hash, default);
        await AgeAsync("long", TimeSpan.FromSeconds(90));

        var claim = await Store.BeginAsync(tenant, "long", Hash, default);

        Assert.IsType<IdempotencyClaim.UnderWay>(claim);
    }

    private static HttpRequestMessage Rotation(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("Idempotency-Key", "hung-up");
        return request;
    }

    private Task AgeAsync(string key, TimeSpan age) =>
        Seed.RunAsync(host.Db, "update idempotency_key set created_at = created_at - $2, claimed_at = claimed_at - $2 where key = $1", key, age);

    /// <summary>Says when a client is seen to have gone.</summary>
    public sealed class WatchedHost : ApiHost
    {
        private TaskCompletionSource? _hungUp;

        public Task NextHangUp() => (_hungUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        protected override void Change(IServiceCollection services) => services.AddSingleton<IStartupFilter>(new Watching(this));

        private sealed class Watching(WatchedHost host) : IStartupFilter
        {
            public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
            {
                app.Use((http, then) =>
                {
                    http.RequestAborted.Register(() => host._hungUp?.TrySetResult());
                    return then(http);
                });
                next(app);
            };
        }
    }
}
