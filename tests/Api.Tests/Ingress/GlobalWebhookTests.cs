using System.Net;
using System.Text;
using System.Text.Json;
using Channels.Api.Ingress;
using Channels.Api.Tests.Host;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Testing;
using Microsoft.Extensions.Configuration;

namespace Channels.Api.Tests.Ingress;

public sealed class GlobalWebhookTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Own = "the-first-channels-own-secret";
    private const string Other = "the-other-channels-own-secret";
    private const string Elsewhere = "http://127.0.0.1:5091";
    private static int _names;

    private readonly string _name = $"shop-{Interlocked.Increment(ref _names)}";

    [PostgresTheory]
    [InlineData("", "apikey", "")]
    [InlineData("", "x-webhook-secret", "")]
    [InlineData("/messages-upsert", "apikey", "messages-upsert")]
    [InlineData($"/{Own}", null, "")]
    [InlineData($"/{Own}/messages-upsert", null, "messages-upsert")]
    [InlineData($"/{Own}/more/messages-upsert", null, "more/messages-upsert")]
    public async Task The_channel_of_that_name_and_secret_gets_it(string path, string? header, string keptPath)
    {
        var channel = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);

        var answer = await PostAsync(path, header is null ? null : Own, Body(), header ?? "apikey");

        Assert.Equal("{}", await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        // The secret has done its work: it is not kept.
        Assert.Equal((keptPath, Encoding.UTF8.GetString(Body())), Assert.Single(await StoredAsync(channel)));
        Assert.Contains(new AccountId(channel), host.Hints.Arrivals);
    }

    [PostgresFact]
    public async Task Of_two_tenants_instances_of_one_name_the_secret_decides()
    {
        var first = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);
        var second = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Other, gateway: Elsewhere);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/{Other}", null, Body())).StatusCode);

        Assert.Empty(await StoredAsync(first));
        Assert.Single(await StoredAsync(second));
    }

    [PostgresFact]
    public async Task A_body_that_claims_another_channels_instance_touches_neither()
    {
        var tenant = await host.TenantAsync();
        var mine = await tenant.CreateEvolutionAsync($"{_name}-mine", secret: Own);
        var theirs = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Other);

        await (await PostAsync("", Own, Body())).ProblemAsync(401, "webhook_unauthenticated");

        Assert.Empty(await StoredAsync(mine));
        Assert.Empty(await StoredAsync(theirs));
    }

    [PostgresFact]
    public async Task A_wrong_secret_and_an_unknown_instance_get_the_same_answer()
    {
        var channel = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);

        var wrong = await PostAsync("", Other, Body());
        var unknown = await PostAsync("", Own, Body($"{_name}-nobodys"));
        var without = await PostAsync("", null, Body());

        var expected = (await wrong.ProblemAsync(401, "webhook_unauthenticated")).GetRawText();
        Assert.Equal(expected, (await unknown.ProblemAsync(401, "webhook_unauthenticated")).GetRawText());
        Assert.Equal(expected, (await without.ProblemAsync(401, "webhook_unauthenticated")).GetRawText());
        Assert.Empty(await StoredAsync(channel));
    }

    [PostgresFact]
    public async Task The_operators_secret_counts_where_the_name_is_unique()
    {
        var channel = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/{ApiHost.GlobalWebhookSecret}/call", null, Body())).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("", ApiHost.GlobalWebhookSecret, Body())).StatusCode);

        Assert.Equal(["", "call"], (await StoredAsync(channel)).Select(stored => stored.Path).Order(StringComparer.Ordinal));
    }

    [PostgresFact]
    public async Task The_operators_secret_does_not_choose_between_two_of_a_name()
    {
        var tenant = await host.TenantAsync();
        var first = await tenant.CreateEvolutionAsync(_name, secret: Own);
        var second = await tenant.CreateEvolutionAsync(_name, "5491100000002", secret: Other, gateway: Elsewhere);

        await (await PostAsync("", ApiHost.GlobalWebhookSecret, Body())).ProblemAsync(409, "webhook_ambiguous");
        Assert.Empty(await StoredAsync(first));
        Assert.Empty(await StoredAsync(second));

        // Their own secrets go on counting, and so does the operator's as soon as there is one again.
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("", Other, Body())).StatusCode);
        await tenant.Http.DeleteAsync($"/api/v1/channels/{second}");
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("", ApiHost.GlobalWebhookSecret, Body())).StatusCode);
        Assert.Single(await StoredAsync(first));
    }

    [PostgresFact]
    public async Task The_operators_secret_is_none_at_a_channels_own_address()
    {
        var channel = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);

        using var request = Request($"/webhooks/evolution/{channel}", ApiHost.GlobalWebhookSecret, Body());
        await (await host.Client().SendAsync(request)).ProblemAsync(401, "webhook_unauthenticated");
    }

    [PostgresFact]
    public async Task Two_of_one_name_and_one_secret_get_nothing_rather_than_the_wrong_one()
    {
        var first = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);
        var second = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);

        await (await PostAsync("", Own, Body())).ProblemAsync(409, "webhook_ambiguous");

        Assert.Empty(await StoredAsync(first));
        Assert.Empty(await StoredAsync(second));
    }

    [PostgresTheory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("""{"event":"messages.upsert"}""")]
    [InlineData("""{"instance":"a\u0000b"}""")]
    [InlineData("""{"instance":["shop"]}""")]
    public async Task A_body_that_names_nobody_gets_400_with_the_field(string body)
    {
        var problem = await (await PostAsync("", ApiHost.GlobalWebhookSecret, Encoding.UTF8.GetBytes(body))).ProblemAsync(400, "bad_request");

        Assert.Equal(["instance"], problem.Fields());
    }

    [PostgresFact]
    public async Task What_stands_behind_the_name_is_kept_whatever_it_is()
    {
        var channel = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);
        byte[] body = [.. Encoding.UTF8.GetBytes($"{{\"instance\":\"{_name}\", no JSON any more "), 0xff, 0x00];

        Assert.Equal(HttpStatusCode.OK, (await PostAsync("", Own, body)).StatusCode);

        Assert.Single(await StoredAsync(channel));
    }

    [PostgresTheory]
    [InlineData("/api/webhooks/simulator")]
    [InlineData("/api/webhooks/pigeon")]
    [InlineData("/api/webhooks/simulator/secret")]
    public async Task A_kind_without_such_webhooks_gets_404(string path)
    {
        using var request = Request(path, Own, Body());

        await (await host.Client().SendAsync(request)).ProblemAsync(404, "not_found");
    }

    [PostgresFact]
    public async Task More_than_four_megabytes_are_refused() =>
        await (await PostAsync("", Own, new byte[(4 << 20) + 1])).ProblemAsync(413, "too_large");

    [PostgresTheory]
    [InlineData(true, "store_unavailable")]
    [InlineData(false, "inbox_full")]
    public async Task What_cannot_be_committed_gets_503_and_may_be_repeated(bool away, string code)
    {
        await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);
        host.Inbox.Failure = away ? new StoreUnavailableException() : new InboxFullException();

        var answer = await PostAsync("", Own, Body());
        host.Inbox.Failure = null;

        await answer.ProblemAsync(503, code);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [PostgresFact]
    public async Task One_channels_secrets_that_cannot_be_opened_stop_nobody_of_the_same_name()
    {
        var first = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Own);
        var second = await (await host.TenantAsync()).CreateEvolutionAsync(_name, secret: Other);
        await Seed.RunAsync(host.Db, "update account set webhook_secret = '\\x00' where id = $1", first);
        await Asking.EventuallyAsync(
            "the damage to be noticed", async () => (int)(await PostAsync("", "a-secret-that-fits-nobody", Body())).StatusCode, status => status == 503);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync("", Other, Body())).StatusCode);

        Assert.Single(await StoredAsync(second));
    }

    [PostgresFact]
    public async Task A_name_and_a_secret_that_change_are_followed()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateEvolutionAsync(_name, secret: Own);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("", Own, Body())).StatusCode);
        await (await PostAsync("", Own, Body($"{_name}-new"))).ProblemAsync(401, "webhook_unauthenticated");

        await (await tenant.Http.SendJsonAsync(
            HttpMethod.Patch, $"/api/v1/channels/{channel}",
            JsonSerializer.Serialize(new { webhook_secret = Other, config = new { base_url = "http://127.0.0.1:5090", instance_name = $"{_name}-new" } }))).JsonAsync();

        await Asking.EventuallyAsync("the new name", async () => (await PostAsync("", Other, Body($"{_name}-new"))).StatusCode, status => status == HttpStatusCode.OK);
        await (await PostAsync("", Own, Body())).ProblemAsync(401, "webhook_unauthenticated");
        await (await PostAsync("", Other, Body())).ProblemAsync(401, "webhook_unauthenticated");
    }

    [PostgresFact]
    public async Task A_suspended_tenants_webhooks_are_kept()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateEvolutionAsync(_name, secret: Own);
        await host.Operator().PostAsync($"/api/v1/tenants/{tenant.Id}/suspend", null);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync("", Own, Body())).StatusCode);

        Assert.Single(await StoredAsync(channel));
    }

    [PostgresFact]
    public async Task The_operators_secret_is_shown_to_no_tenant_and_reaches_no_log()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateEvolutionAsync(_name, secret: Own);
        await PostAsync($"/{ApiHost.GlobalWebhookSecret}/call", null, Body());
        await PostAsync("", "a-wrong-secret-somebody-tried", Body("words-of-a-person-nobody-logs"));
        // As the gateway does: our own address stands in every body.
        await Seed.ParkAsync(host, tenant.Id, channel, $$"""{"destination":"https://x.example/api/webhooks/evolution/{{ApiHost.GlobalWebhookSecret}}/call" """);

        var shown = await (await tenant.Http.GetAsync($"/api/v1/parked-webhooks?channel_id={channel}")).Content.ReadAsStringAsync();

        Assert.Contains("https://x.example/", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(ApiHost.GlobalWebhookSecret, shown, StringComparison.Ordinal);
        host.Logs.AssertAbsent(ApiHost.GlobalWebhookSecret, Own, "a-wrong-secret-somebody-tried", "words-of-a-person-nobody-logs");
    }

    [Theory]
    [InlineData("fifteen-letters", "16")]
    [InlineData("sixteen letters and spaces", "letters")]
    [InlineData("a-slash/would-be-a-path", "letters")]
    public void A_secret_of_the_operator_that_could_not_work_stops_the_start_and_is_not_shown(string secret, string rule)
    {
        var failure = Assert.Throws<SettingException>(() => Configured(secret));

        Assert.Contains("Channels:GlobalWebhookSecret", failure.Message, StringComparison.Ordinal);
        Assert.Contains(rule, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_secret_of_the_operator_there_is_none(string? secret) => Assert.False(Configured(secret).IsSet);

    private static GlobalWebhookSecret Configured(string? secret) =>
        GlobalWebhookSecret.Of(new ConfigurationBuilder().AddInMemoryCollection([new("Channels:GlobalWebhookSecret", secret)]).Build());

    private byte[] Body(string? instance = null) =>
        JsonSerializer.SerializeToUtf8Bytes(new { @event = "messages.upsert", instance = instance ?? _name, data = new { instance = "inner" } });

    private Task<HttpResponseMessage> PostAsync(string path, string? secret, byte[] body, string header = "apikey") =>
        host.Client().SendAsync(Request($"/api/webhooks/evolution{path}", secret, body, header));

    private static HttpRequestMessage Request(string path, string? secret, byte[] body, string header = "apikey")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Headers.ExpectContinue = body.Length > 4 << 20;
        if (secret is not null)
        {
            request.Headers.TryAddWithoutValidation(header, secret);
        }

        return request;
    }

    private async Task<List<(string Path, string Body)>> StoredAsync(Guid account)
    {
        await using var command = host.Db.CreateCommand("select path, body from inbox where account_id = $1");
        command.Parameters.Add(new() { Value = account });
        await using var row = await command.ExecuteReaderAsync();
        var stored = new List<(string, string)>();
        while (await row.ReadAsync())
        {
            stored.Add((row.GetString(0), Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(1))));
        }

        return stored;
    }
}
