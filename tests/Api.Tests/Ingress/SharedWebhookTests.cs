using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Testing;

namespace Channels.Api.Tests.Ingress;

public sealed class SharedWebhookTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string AppSecret = "the-apps-secret-0123456789";
    private const string OtherSecret = "another-apps-secret-0123456789";
    private const string Anywhere = "/api/webhooks/whatsapp_cloud";
    private static long _numbers = 500_600_700_800_000;

    private readonly string _first = NewNumber();
    private readonly string _second = NewNumber();
    private readonly string _account = NewNumber();

    [PostgresFact]
    public async Task A_body_about_one_number_is_kept_as_it_came_at_both_addresses()
    {
        var channel = await ChannelAsync(await host.TenantAsync(), _first);
        var (one, two) = (Body(Message(_first, "pre\\u00e7o a\\/b")), Body(Message(_first, "b")));

        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/webhooks/whatsapp_cloud/{channel}", one)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Anywhere, two)).StatusCode);

        Assert.Equal(new[] { one, two }.Order(), (await StoredAsync(channel)).Order());
        Assert.Contains(new AccountId(channel), host.Hints.Arrivals);
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_body_for_two_tenants_each_gets_its_own_part_and_nothing_else(bool toOwnAddress)
    {
        var first = await ChannelAsync(await host.TenantAsync(), _first);
        var second = await ChannelAsync(await host.TenantAsync(), _second);

        var answer = await PostAsync(toOwnAddress ? $"/webhooks/whatsapp_cloud/{first}" : Anywhere, Body(Message(_first, "for the first"), Message(_second, "for the second"), Message(_first, "more for the first")));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal([Body(Message(_first, "for the first"), Message(_first, "more for the first"))], await StoredAsync(first));
        Assert.Equal([Body(Message(_second, "for the second"))], await StoredAsync(second));
        Assert.Empty(await UnroutedAsync());
    }

    [PostgresFact]
    public async Task A_channel_counts_only_when_its_own_secret_proves_the_body()
    {
        var right = await ChannelAsync(await host.TenantAsync(), _first);
        var wrong = await ChannelAsync(await host.TenantAsync(), _second, secret: OtherSecret);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Anywhere, Body(Message(_first, "a"), Message(_second, "b")))).StatusCode);

        Assert.Single(await StoredAsync(right));
        Assert.Empty(await StoredAsync(wrong));
        Assert.Equal("the channel that has it has another app secret", Assert.Single(await UnroutedAsync()).GetProperty("reason").GetString());
    }

    [PostgresFact]
    public async Task What_no_channel_proves_is_not_acknowledged()
    {
        var channel = await ChannelAsync(await host.TenantAsync(), _first);

        await (await PostAsync(Anywhere, Body(Message(_first, "a")), OtherSecret)).ProblemAsync(401, "webhook_unauthenticated");
        await (await PostAsync(Anywhere, Body(Message(_second, "a")))).ProblemAsync(401, "webhook_unauthenticated");
        await (await PostAsync($"/webhooks/whatsapp_cloud/{channel}", Body(Message(_first, "a")), OtherSecret)).ProblemAsync(401, "webhook_unauthenticated");
        await (await PostAsync(Anywhere, "{}")).ProblemAsync(400, "bad_request");

        Assert.Empty(await StoredAsync(channel));
        Assert.Empty(await UnroutedAsync());
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task More_accounts_than_Meta_names_in_one_webhook_are_not_looked_up(bool toOwnAddress)
    {
        var channel = await ChannelAsync(await host.TenantAsync(), _first);
        var body = Body([Message(_first, "a"), .. Enumerable.Range(0, 1_000).Select(number => Message($"77{number}", "b"))]);

        await (await PostAsync(toOwnAddress ? $"/webhooks/whatsapp_cloud/{channel}" : Anywhere, body)).ProblemAsync(413, "too_large");

        Assert.Empty(await StoredAsync(channel));
        Assert.Equal(0L, await host.ScalarAsync("select count(*) from unrouted_webhook where name like '77%'"));
    }

    [PostgresFact]
    public async Task Both_secrets_hold_while_the_apps_secret_is_changed()
    {
        var channel = await ChannelAsync(await host.TenantAsync(), _first, previous: OtherSecret);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Anywhere, Body(Message(_first, "a")))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Anywhere, Body(Message(_first, "b"), Message(_second, "nobody's")), OtherSecret)).StatusCode);

        Assert.Equal(2, (await StoredAsync(channel)).Count);
        Assert.Single(await UnroutedAsync());
    }

    [PostgresFact]
    public async Task What_belongs_to_no_channel_waits_for_it_and_the_operator_hands_it_over()
    {
        var tenant = await host.TenantAsync();
        await ChannelAsync(tenant, _first);
        var body = Body(Message(_first, "a"), Message(_second, "words-nobody-else-may-see"));
        await PostAsync(Anywhere, body);
        await PostAsync(Anywhere, body);

        var unrouted = Assert.Single(await UnroutedAsync());
        Assert.Equal(("no channel has it", 1), (unrouted.GetProperty("reason").GetString(), unrouted.GetProperty("count").GetInt32()));
        Assert.Contains(_second, unrouted.GetProperty("next_step").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("words-nobody-else-may-see", unrouted.GetRawText(), StringComparison.Ordinal);
        Assert.Equal((0, 1), await ReplayAsync());

        var late = await ChannelAsync(await host.TenantAsync(), _second);
        Assert.Equal((1, 0), await ReplayAsync());
        Assert.Equal((0, 0), await ReplayAsync());

        Assert.Equal([Body(Message(_second, "words-nobody-else-may-see"))], await StoredAsync(late));
        Assert.Equal(1L, await host.ScalarAsync("select accepted from acceptance where account_id = $1", late));
        Assert.Empty(await UnroutedAsync());
        host.Logs.AssertAbsent("words-nobody-else-may-see", AppSecret);
    }

    [PostgresFact]
    public async Task What_waits_goes_to_no_channel_whose_secret_does_not_prove_it()
    {
        await ChannelAsync(await host.TenantAsync(), _first);
        await PostAsync(Anywhere, Body(Message(_first, "a"), Message(_second, "b")));
        var thief = await ChannelAsync(await host.TenantAsync(), _second, secret: OtherSecret);

        Assert.Equal((0, 1), await ReplayAsync());

        Assert.Empty(await StoredAsync(thief));
    }

    [PostgresFact]
    public async Task What_stays_nobodys_does_not_stand_before_what_has_an_owner_by_now()
    {
        await ChannelAsync(await host.TenantAsync(), _first);
        await PostAsync(Anywhere, Body(Message(_first, "a"), Message(_second, "b")));
        await host.ScalarAsync(
            """
            insert into unrouted_webhook (kind, id, setting, name, reason, received_at, proof, body)
            select 'whatsapp_cloud', gen_random_uuid(), 'phone_number_id', '881', 'no channel has it', now() - interval '1 day', 'none', convert_to($1, 'utf8') from generate_series(1, 600)
            """,
            Body(Message("881", "long ago")));
        var late = await ChannelAsync(await host.TenantAsync(), _second);

        var answer = await (await host.Operator().PostAsJsonAsync("/api/v1/unrouted-webhooks/replay", new { channel_type = "whatsapp_cloud" })).JsonAsync();

        Assert.Equal(1, answer.GetProperty("replayed").GetInt32());
        Assert.False(answer.GetProperty("more").GetBoolean());
        Assert.Equal([Body(Message(_second, "b"))], await StoredAsync(late));
    }

    [PostgresFact]
    public async Task A_number_that_two_tenants_claim_is_nobodys_but_at_a_channels_own_address_its_own()
    {
        var first = await ChannelAsync(await host.TenantAsync(), _first);
        var second = await ChannelAsync(await host.TenantAsync(), _first);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Anywhere, Body(Message(_first, "a")))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/webhooks/whatsapp_cloud/{second}", Body(Message(_first, "b")))).StatusCode);

        Assert.Empty(await StoredAsync(first));
        Assert.Equal([Body(Message(_first, "b"))], await StoredAsync(second));
        Assert.Equal("channels of several tenants have it", Assert.Single(await UnroutedAsync(_first)).GetProperty("reason").GetString());
    }

    [PostgresFact]
    public async Task News_of_the_account_reach_every_number_of_it()
    {
        var tenant = await host.TenantAsync();
        var (first, second) = (await ChannelAsync(tenant, _first), await ChannelAsync(tenant, _second));
        const string News = """{"value":{"event":"APPROVED","message_template_name":"t"},"field":"message_template_status_update"}""";

        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/webhooks/whatsapp_cloud/{first}", Body(News))).StatusCode);

        Assert.Equal([Body(News)], await StoredAsync(first));
        Assert.Equal([Body(News)], await StoredAsync(second));
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task News_for_a_partner_reach_the_account_they_are_about_and_only_where_its_own_secret_proves_them(bool toOwnAddress)
    {
        var partner = await ChannelAsync(await host.TenantAsync(), _first);
        var customer = await ChannelAsync(await host.TenantAsync(), _second, account: "77" + _account);
        var stranger = await ChannelAsync(await host.TenantAsync(), NewNumber(), secret: OtherSecret, account: "78" + _account);
        string News(string account) => $$$"""{"value":{"event":"PARTNER_REMOVED","waba_info":{"waba_id":"{{{account}}}"}},"field":"account_update"}""";

        var answer = await PostAsync(toOwnAddress ? $"/webhooks/whatsapp_cloud/{partner}" : Anywhere, Body(News("77" + _account), News("78" + _account)));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await StoredAsync(partner));
        Assert.Equal([Body(News("77" + _account))], await StoredAsync(customer));
        Assert.Empty(await StoredAsync(stranger));
        Assert.Equal("the channel that has it has another app secret", Assert.Single(await UnroutedAsync("78" + _account)).GetProperty("reason").GetString());
    }

    [PostgresFact]
    public async Task While_one_part_cannot_be_kept_nothing_is_acknowledged()
    {
        var first = await ChannelAsync(await host.TenantAsync(), _first);
        await ChannelAsync(await host.TenantAsync(), _second);
        host.Inbox.Failure = new StoreUnavailableException("away");
        try
        {
            await (await PostAsync(Anywhere, Body(Message(_first, "a"), Message(_second, "b")))).ProblemAsync(503, "store_unavailable");
        }
        finally
        {
            host.Inbox.Failure = null;
        }

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Anywhere, Body(Message(_first, "a"), Message(_second, "b")))).StatusCode);
        Assert.NotEmpty(await StoredAsync(first));
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_it_cannot_be_known_whose_a_part_is_nothing_is_acknowledged(bool toOwnAddress)
    {
        var first = await ChannelAsync(await host.TenantAsync(), _first);
        var second = await ChannelAsync(await host.TenantAsync(), _second);
        var body = Body(Message(_first, "a"), Message(_second, "b"));
        host.Directory.Away = new AccountId(second);
        try
        {
            await (await PostAsync(toOwnAddress ? $"/webhooks/whatsapp_cloud/{first}" : Anywhere, body)).ProblemAsync(503, "store_unavailable");
        }
        finally
        {
            host.Directory.Away = null;
        }

        Assert.Empty(await UnroutedAsync());
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Anywhere, body)).StatusCode);
        Assert.Equal([Body(Message(_second, "b"))], await StoredAsync(second));
    }

    [PostgresFact]
    public async Task A_channel_whose_secrets_cannot_be_opened_holds_up_nobody_else_and_finds_its_part_when_they_can()
    {
        var first = await ChannelAsync(await host.TenantAsync(), _first);
        var second = await ChannelAsync(await host.TenantAsync(), _second);
        var secret = (byte[])(await host.ScalarAsync("select webhook_secret from account where id = $1", second))!;
        await SealAsync(second, [0]);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Anywhere, Body(Message(_first, "a"), Message(_second, "b")))).StatusCode);
        await (await PostAsync(Anywhere, Body(Message(_second, "c")))).ProblemAsync(503, "store_unavailable");

        Assert.Equal([Body(Message(_first, "a"))], await StoredAsync(first));
        Assert.Equal("the secrets of the channel that has it cannot be opened", Assert.Single(await UnroutedAsync()).GetProperty("reason").GetString());

        await SealAsync(second, secret);
        Assert.Equal((1, 0), await ReplayAsync());
        Assert.Equal([Body(Message(_second, "b"))], await StoredAsync(second));
    }

    [PostgresFact]
    public async Task What_was_thrown_away_unasked_is_listed_by_what_it_named()
    {
        await host.ScalarAsync(
            """
            insert into unrouted_dropped (kind, setting, name, why, dropped, bytes, first_received_at, last_received_at, last_at)
            values ('whatsapp_cloud', 'phone_number_id', $1, 'age', 3, 70, now() - interval '100 days', now() - interval '95 days', now())
            """,
            _first);

        var answer = await (await host.Operator().GetAsync("/api/v1/unrouted-webhooks")).JsonAsync();

        var lost = Assert.Single(answer.GetProperty("dropped").EnumerateArray(), one => one.GetProperty("name").GetString() == _first);
        Assert.Equal(("whatsapp_cloud", "age", 3, 70), (lost.GetProperty("channel_type").GetString(), lost.GetProperty("why").GetString(), lost.GetProperty("count").GetInt32(), lost.GetProperty("bytes").GetInt32()));
    }

    [PostgresFact]
    public async Task What_is_unrouted_is_the_operators_alone_and_can_be_thrown_away()
    {
        var tenant = await host.TenantAsync();
        await ChannelAsync(tenant, _first);
        await PostAsync(Anywhere, Body(Message(_first, "a"), Message(_second, "b")));

        await (await tenant.Http.GetAsync("/api/v1/unrouted-webhooks")).ProblemAsync(403, "forbidden");
        await (await host.Operator().DeleteAsync("/api/v1/unrouted-webhooks?channel_type=whatsapp_cloud")).ProblemAsync(400, "invalid_parameter");
        var answer = await (await host.Operator().DeleteAsync($"/api/v1/unrouted-webhooks?channel_type=whatsapp_cloud&name={_second}")).JsonAsync();

        Assert.Equal(1, answer.GetProperty("discarded").GetInt32());
        Assert.Empty(await UnroutedAsync());
    }

    private static string NewNumber() => Interlocked.Increment(ref _numbers).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private async Task<Guid> ChannelAsync(TenantUnderTest tenant, string number, string secret = AppSecret, string? previous = null, string? account = null)
    {
        var config = new Dictionary<string, string>
        {
            ["phoneNumberID"] = number, ["waba_id"] = account ?? _account, ["accessToken"] = "a-token", ["appSecret"] = secret, ["base_url"] = "http://127.0.0.1:5090",
        };
        if (previous is not null)
        {
            config["app_secret_previous"] = previous;
        }

        var answer = await tenant.Http.PostAsJsonAsync(
            "/api/v1/channels", new { name = "Cloud", channel_type = "whatsapp_cloud", identity = $"+{number}", webhook_secret = Asking.WebhookSecret, config, agent = new { kind = "echo" } });
        return (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }

    private string Body(params string[] changes) => $"{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"{_account}\",\"changes\":[{string.Join(',', changes)}]}}]}}";

    private static string Message(string number, string text) =>
        $$$"""{"value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"{{{number}}}"},"messages":[{"from":"447700900321","id":"wamid.{{{number}}}","timestamp":"1767261600","type":"text","text":{"body":"{{{text}}}"}}]},"field":"messages"}""";

    private Task<HttpResponseMessage> PostAsync(string address, string body, string secret = AppSecret)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(bytes) };
        request.Headers.TryAddWithoutValidation("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), bytes))}");
        return host.Client().SendAsync(request);
    }

    private async Task<IReadOnlyList<JsonElement>> UnroutedAsync(string? name = null)
    {
        var answer = await (await host.Operator().GetAsync("/api/v1/unrouted-webhooks?limit=200")).JsonAsync();
        return [.. answer.GetProperty("unrouted_webhooks").EnumerateArray().Where(one => one.GetProperty("name").GetString() is var named && (name is null ? named == _second || named == _account : named == name))];
    }

    private async Task SealAsync(Guid channel, byte[] secret)
    {
        await host.ScalarAsync("update account set webhook_secret = $2 where id = $1", channel, secret);
        host.Directory.Forget(new AccountId(channel));
    }

    private async Task<(int Replayed, int Kept)> ReplayAsync()
    {
        var answer = await (await host.Operator().PostAsJsonAsync("/api/v1/unrouted-webhooks/replay", new { channel_type = "whatsapp_cloud", name = _second })).JsonAsync();
        return (answer.GetProperty("replayed").GetInt32(), answer.GetProperty("kept").GetInt32());
    }

    private async Task<List<string>> StoredAsync(Guid account)
    {
        await using var command = host.Db.CreateCommand("select body from inbox where account_id = $1 order by id");
        command.Parameters.Add(new() { Value = account });
        await using var row = await command.ExecuteReaderAsync();
        var stored = new List<string>();
        while (await row.ReadAsync())
        {
            stored.Add(Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(0)));
        }

        return stored;
    }
}
