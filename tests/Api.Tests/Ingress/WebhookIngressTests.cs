using System.Net;
using System.Text;
using Channels.Api.Ingress;
using Channels.Api.Tests.Host;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Channels;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Tests.Ingress;

public sealed class WebhookIngressTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const int Limit = 4 << 20;

    [PostgresFact]
    public async Task A_proven_webhook_is_committed_before_its_200()
    {
        var (_, id) = await ChannelAsync();

        var answer = await PostAsync($"/webhooks/evolution/{id}/messages-upsert", Asking.WebhookSecret, "{\"event\":\"x\"}"u8.ToArray());

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("{}", await answer.Content.ReadAsStringAsync());
        Assert.Equal(("messages-upsert", "{\"event\":\"x\"}"), await StoredAsync(id));
        Assert.Contains(new AccountId(id), host.Hints.Arrivals);
    }

    [PostgresTheory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0xff, 0x00, 0xfe })]
    public async Task A_proven_webhook_is_kept_whatever_its_content(byte[] body)
    {
        var (_, id) = await ChannelAsync();

        var answer = await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(1, await CountAsync(id));
    }

    [PostgresTheory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a-webhook-secret-of-32-characterz")]
    public async Task A_webhook_without_the_secret_gets_401_and_is_not_kept(string? secret)
    {
        var (_, id) = await ChannelAsync();

        var answer = await PostAsync($"/webhooks/evolution/{id}", secret, "{}"u8.ToArray());

        await answer.ProblemAsync(401, "webhook_unauthenticated");
        Assert.Equal(0, await CountAsync(id));
    }

    [PostgresTheory]
    [InlineData("/webhooks/evolution/{unknown}")]
    [InlineData("/webhooks/simulator/{id}")]
    [InlineData("/webhooks/pigeon/{id}")]
    [InlineData("/webhooks/evolution/not-an-id")]
    [InlineData("/webhooks/evolution/%27%20or%201=1")]
    [InlineData("/webhooks/evolution/..%2f..%2fetc")]
    public async Task An_unknown_channel_or_kind_gets_404(string path)
    {
        var (_, id) = await ChannelAsync();

        var answer = await PostAsync(path.Replace("{id}", id.ToString(), StringComparison.Ordinal).Replace("{unknown}", Seed.NewId().ToString(), StringComparison.Ordinal), Asking.WebhookSecret, "{}"u8.ToArray());

        await answer.ProblemAsync(404, "not_found");
        Assert.Equal(0, await CountAsync(id));
    }

    [PostgresFact]
    public async Task Exactly_four_megabytes_are_taken()
    {
        var (_, id) = await ChannelAsync();

        var answer = await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, new byte[Limit]);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task More_than_four_megabytes_are_refused_announced_or_not(bool chunked)
    {
        var (_, id) = await ChannelAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/evolution/{id}") { Content = new ByteArrayContent(new byte[Limit + 1]) };
        request.Headers.Add("apikey", Asking.WebhookSecret);
        request.Headers.ExpectContinue = true;
        request.Headers.TransferEncodingChunked = chunked;

        var answer = await host.Client().SendAsync(request);

        await answer.ProblemAsync(413, "too_large");
        Assert.Equal(0, await CountAsync(id));
    }

    [PostgresFact]
    public async Task Another_method_gets_405_with_problem_details()
    {
        var (_, id) = await ChannelAsync();

        var answer = await host.Client().GetAsync($"/webhooks/evolution/{id}");

        await answer.ProblemAsync(405, "method_not_allowed");
        Assert.Contains("POST", answer.Content.Headers.Allow);
    }

    [PostgresTheory]
    [InlineData(true, "store_unavailable")]
    [InlineData(false, "inbox_full")]
    public async Task What_cannot_be_committed_gets_503_and_may_be_repeated(bool away, string code)
    {
        var (_, id) = await ChannelAsync();
        host.Inbox.Failure = away ? new StoreUnavailableException() : new InboxFullException();

        var answer = await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, "{}"u8.ToArray());
        host.Inbox.Failure = null;

        await answer.ProblemAsync(503, code);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [PostgresFact]
    public async Task Webhooks_that_the_store_does_not_take_are_said_once_in_a_while_and_not_one_by_one()
    {
        var (_, id) = await ChannelAsync();
        host.Inbox.Failure = new InboxFullException();
        int Lines() => host.Logs.Entries.Count(entry => entry.Event.Id == 1002);
        await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, "{}"u8.ToArray());
        var before = Lines();

        for (var i = 0; i < 20; i++)
        {
            await (await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, "{}"u8.ToArray())).ProblemAsync(503, "inbox_full");
        }

        host.Inbox.Failure = null;
        Assert.InRange(Lines() - before, 0, 10);
    }

    [PostgresFact]
    public async Task An_append_that_was_broken_off_is_never_a_false_200()
    {
        var (_, id) = await ChannelAsync();
        host.Inbox.Failure = new OperationCanceledException();

        var answer = await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, "{}"u8.ToArray());
        host.Inbox.Failure = null;

        await answer.ProblemAsync(503, "store_unavailable");
    }

    [PostgresFact]
    public async Task A_suspended_tenants_webhooks_are_kept()
    {
        var (tenant, id) = await ChannelAsync();
        await host.Operator().PostAsync($"/api/v1/tenants/{tenant.Id}/suspend", null);

        var answer = await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, "{}"u8.ToArray());

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [PostgresFact]
    public async Task A_deleted_channel_is_gone_at_once()
    {
        var (tenant, id) = await ChannelAsync();
        await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, "{}"u8.ToArray());

        await tenant.Http.DeleteAsync($"/api/v1/channels/{id}");

        await (await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, "{}"u8.ToArray())).ProblemAsync(404, "not_found");
    }

    [PostgresFact]
    public async Task Large_bodies_that_fill_their_half_of_the_room_are_asked_to_come_again_and_small_ones_go_on()
    {
        var (_, id) = await ChannelAsync();
        var room = host.Services.GetRequiredService<BodyRoom>();
        var large = new byte[100_000];
        using (var others = room.Enter())
        {
            Assert.True(others.TryGrowTo(room.Most / 2));

            var refused = await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, large);

            await refused.ProblemAsync(503, "inbox_full");
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, "{}"u8.ToArray())).StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/webhooks/evolution/{id}", Asking.WebhookSecret, large)).StatusCode);
        Assert.Equal(2, await CountAsync(id));
        await Asking.EventuallyAsync("an empty room", () => Task.FromResult(room.Taken), taken => taken == 0);
    }

    [PostgresFact]
    public async Task A_change_made_by_another_process_is_noticed()
    {
        var (_, id) = await ChannelAsync();
        var directory = host.Services.GetRequiredService<ChannelDirectory>();
        await directory.FindAsync(new AccountId(id), default);

        await Seed.RunAsync(host.Db, "update account set name = 'x', identity = 'elsewhere' where id = $1", id);

        await Asking.EventuallyAsync(
            "the new identity", async () => (await directory.FindAsync(new AccountId(id), default))!.Connection.Identity, identity => identity == "elsewhere");
    }

    [PostgresFact]
    public async Task Nothing_of_a_webhook_reaches_the_log()
    {
        var (_, id) = await ChannelAsync();
        const string words = "words-of-a-person-nobody-logs";

        await PostAsync($"/webhooks/evolution/{id}?token=secret-in-the-query", Asking.WebhookSecret, Encoding.UTF8.GetBytes(words));
        await PostAsync($"/webhooks/evolution/{id}", "a-wrong-secret-somebody-tried", Encoding.UTF8.GetBytes(words));

        host.Logs.AssertAbsent(words, Asking.WebhookSecret, "a-wrong-secret-somebody-tried", "the-gateways-api-key", "secret-in-the-query");
    }

    private async Task<(TenantUnderTest Tenant, Guid Channel)> ChannelAsync()
    {
        var tenant = await host.TenantAsync();
        return (tenant, await tenant.CreateEvolutionAsync());
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string? secret, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (secret is not null)
        {
            request.Headers.TryAddWithoutValidation("apikey", secret);
        }

        return await host.Client().SendAsync(request);
    }

    private async Task<long> CountAsync(Guid account)
    {
        await using var command = host.Db.CreateCommand("select count(*) from inbox where account_id = $1");
        command.Parameters.Add(new() { Value = account });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<(string Path, string Body)> StoredAsync(Guid account)
    {
        await using var command = host.Db.CreateCommand("select path, body from inbox where account_id = $1");
        command.Parameters.Add(new() { Value = account });
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        return (row.GetString(0), Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(1)));
    }
}
