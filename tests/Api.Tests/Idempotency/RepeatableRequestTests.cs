using System.Net;
using System.Net.Sockets;
using Channels.Api.Idempotency;
using Channels.Api.Tests.Host;
using Channels.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Tests.Idempotency;

public sealed class RepeatableRequestTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Channel = """{"name":"n","channel_type":"simulator","identity":"once"}""";

    [PostgresFact]
    public async Task The_same_request_twice_acts_once_and_answers_the_same()
    {
        var tenant = await host.TenantAsync();

        var first = await PostAsync(tenant, "/api/v1/channels", Channel, "key-1");
        var second = await PostAsync(tenant, "/api/v1/channels", Channel, "key-1");

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Equal("true", second.Headers.GetValues("Idempotency-Replayed").Single());
    }

    [PostgresTheory]
    [InlineData("/api/v1/channels", Channel)]
    [InlineData("/api/v1/channels/{0}/simulate", """{"from":"5491122223333","text":"hi"}""")]
    [InlineData("/api/v1/accounts/{0}/messages", """{"to":"5491122223333","text":"hi"}""")]
    public async Task The_answer_given_again_leads_where_the_first_one_led(string path, string body)
    {
        var tenant = await host.TenantAsync();
        var key = $"key-{Seed.NewId()}";
        path = string.Format(System.Globalization.CultureInfo.InvariantCulture, path, await tenant.CreateSimulatorAsync("of the test"));

        var first = await PostAsync(tenant, path, body, key);
        var second = await PostAsync(tenant, path, body, key);
        await using var command = host.Db.CreateCommand($"select location from idempotency_key where key = '{key}'");
        var kept = Convert.FromBase64String((string)(await command.ExecuteScalarAsync())!);

        Assert.NotNull(first.Headers.Location);
        Assert.Equal((first.Headers.Location, first.Content.Headers.ContentType), (second.Headers.Location, second.Content.Headers.ContentType));
        Assert.Equal("true", second.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.DoesNotContain("/api/v1/", System.Text.Encoding.Latin1.GetString(kept), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task An_answer_kept_by_the_version_before_is_given_again_without_its_location()
    {
        var tenant = await host.TenantAsync();
        await PostAsync(tenant, "/api/v1/channels", Channel, "key-before");
        await Seed.RunAsync(host.Db, "update idempotency_key set location = null where key = 'key-before'");

        var second = await PostAsync(tenant, "/api/v1/channels", Channel, "key-before");

        Assert.Equal((HttpStatusCode.Created, null), (second.StatusCode, second.Headers.Location));
    }

    [PostgresFact]
    public async Task Two_keys_are_refused()
    {
        var tenant = await host.TenantAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port);
        await using var stream = client.GetStream();

        // A client's own library would make one header of both.
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(
            $"POST /api/v1/channels HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {tenant.Http.DefaultRequestHeaders.Authorization}\r\n"
            + $"Idempotency-Key: one\r\nIdempotency-Key: two\r\nContent-Length: {Channel.Length}\r\n\r\n{Channel}"));
        var answer = await new StreamReader(stream).ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"field\":\"Idempotency-Key\"", answer, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void Every_post_that_acts_hears_the_key_but_for_those_that_the_document_names()
    {
        var deaf = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") == true && endpoint.Metadata.GetMetadata<TakesIdempotencyKey>() is null)
            .Select(endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName).OfType<string>();

        Assert.Equal(
            [
                "ActivateWaha", "ConnectWhatsApp", "DisconnectWhatsApp", "PreviewWebhook", "PreviewWebhookBelow", "RefreshSession", "ReplayUnroutedWebhooks", "StartPairing", "TestChannelConnection",
                "UploadMedia", "ValidateChannelSettings",
            ],
            deaf.Where(name => !name.StartsWith("Accept", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [PostgresFact]
    public async Task A_kept_answer_is_sealed()
    {
        var tenant = await host.TenantAsync();

        var made = await (await PostAsync(tenant, "/api/v1/channels", Channel, "key-sealed")).JsonAsync(HttpStatusCode.Created);
        await using var command = host.Db.CreateCommand("select body from idempotency_key where key = 'key-sealed'");
        var kept = Convert.FromBase64String((string)(await command.ExecuteScalarAsync())!);

        Assert.DoesNotContain(made.GetProperty("webhook_secret").GetString()!, System.Text.Encoding.Latin1.GetString(kept), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_key_belongs_to_one_request_and_to_one_tenant()
    {
        var (tenant, other) = (await host.TenantAsync(), await host.TenantAsync());
        await PostAsync(tenant, "/api/v1/channels", Channel, "key-2");

        var different = await PostAsync(tenant, "/api/v1/channels", """{"name":"m","channel_type":"simulator"}""", "key-2");
        var ofOther = await PostAsync(other, "/api/v1/channels", Channel, "key-2");

        await different.ProblemAsync(422, "idempotency_key_reused");
        Assert.Equal(HttpStatusCode.Created, ofOther.StatusCode);
        Assert.False(ofOther.Headers.Contains("Idempotency-Replayed"));
    }

    [PostgresFact]
    public async Task A_refused_request_leaves_its_key_free()
    {
        var tenant = await host.TenantAsync();
        await PostAsync(tenant, "/api/v1/channels", """{"name":"n","channel_type":"nothing"}""", "key-3");

        var corrected = await PostAsync(tenant, "/api/v1/channels", Channel, "key-3");

        Assert.Equal(HttpStatusCode.Created, corrected.StatusCode);
    }

    [PostgresFact]
    public async Task A_message_sent_many_times_at_once_has_one_id()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var conversation = await Seed.ConversationAsync(host, tenant.Id, channel);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(_ => PostAsync(tenant, $"/api/v1/conversations/{conversation}/messages", """{"text":"hi"}""", "key-4")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode));
        Assert.Single(host.Grains.Sent.Where(sent => sent.Conversation.Conversation.Value == conversation).Select(sent => sent.Message).Distinct());
    }

    [PostgresFact]
    public async Task A_message_whose_first_attempt_died_keeps_its_id()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var conversation = await Seed.ConversationAsync(host, tenant.Id, channel);
        host.Grains.Failure = new TimeoutException();
        var died = await PostAsync(tenant, $"/api/v1/conversations/{conversation}/messages", """{"text":"hi"}""", "key-5");
        host.Grains.Failure = null;

        var first = await (await PostAsync(tenant, $"/api/v1/conversations/{conversation}/messages", """{"text":"hi"}""", "key-5")).JsonAsync(HttpStatusCode.Accepted);
        var second = await (await PostAsync(tenant, $"/api/v1/conversations/{conversation}/messages", """{"text":"hi"}""", "key-5")).JsonAsync(HttpStatusCode.Accepted);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, died.StatusCode);
        Assert.Equal(first.GetProperty("id").GetGuid(), second.GetProperty("id").GetGuid());
    }

    [PostgresFact]
    public async Task A_message_that_is_committed_is_answered_as_such_though_it_would_be_refused_by_now()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var conversation = await Seed.ConversationAsync(host, tenant.Id, channel);
        var quoted = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola");
        var body = $$"""{"text":"hi","reply_to":"{{quoted}}"}""";
        var first = (await (await PostAsync(tenant, $"/api/v1/conversations/{conversation}/messages", body, "key-6")).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetGuid();

        // As after a kill between the commit and the answer, and a retention that took what was quoted.
        await Seed.RunAsync(host.Db, "update transcript set id = $1, outbound = true, status = 'sent' where id = $2", first, quoted);
        await Seed.RunAsync(host.Db, "update idempotency_key set status = null, body = null, claimed_at = claimed_at - interval '1 hour' where key = 'key-6'");
        var refused = await PostAsync(tenant, $"/api/v1/conversations/{conversation}/messages", body, "key-7");
        var second = await (await PostAsync(tenant, $"/api/v1/conversations/{conversation}/messages", body, "key-6")).JsonAsync(HttpStatusCode.Accepted);

        await refused.ProblemAsync(422, "invalid_fields");
        Assert.Equal((first, "sent"), (second.GetProperty("id").GetGuid(), second.GetProperty("status").GetString()));
        Assert.Single(host.Grains.Sent, sent => sent.Conversation.Conversation.Value == conversation);
    }

    [PostgresTheory]
    [InlineData("key-fails-once", HttpStatusCode.Created)]
    [InlineData("key-fails-always", HttpStatusCode.Conflict)]
    public async Task An_answer_that_cannot_be_kept_reaches_its_caller_all_the_same(string key, HttpStatusCode repeated)
    {
        var tenant = await host.TenantAsync();
        await Seed.RunAsync(host.Db, "create sequence if not exists keeps");
        await Seed.RunAsync(host.Db, """
            create or replace function fail_to_keep() returns trigger language plpgsql security definer as $$
            begin
              if (case new.key when 'key-fails-always' then true else nextval('keeps') = 1 end) then
                raise exception 'away' using errcode = '57P03';
              end if;
              return new;
            end $$
            """);
        await Seed.RunAsync(
            host.Db, "create or replace trigger fail_to_keep before update on idempotency_key for each row when (new.key like 'key-fails-%') execute function fail_to_keep()");

        var first = await PostAsync(tenant, "/api/v1/channels", Channel, key);
        var second = await PostAsync(tenant, "/api/v1/channels", Channel, key);

        Assert.NotEmpty((await first.JsonAsync(HttpStatusCode.Created)).GetProperty("webhook_secret").GetString()!);
        Assert.Equal(repeated, second.StatusCode);
        Assert.Equal(repeated == HttpStatusCode.Created, second.Headers.Contains("Idempotency-Replayed"));
    }

    [PostgresFact]
    public async Task A_refusal_stays_what_it_is_when_its_key_cannot_be_freed()
    {
        var tenant = await host.TenantAsync();
        await Seed.RunAsync(
            host.Db, "create function fail_to_drop() returns trigger language plpgsql as $$ begin raise exception 'away' using errcode = '57P03'; end $$");
        await Seed.RunAsync(
            host.Db, "create trigger fail_to_drop before delete on idempotency_key for each row when (old.key = 'key-not-freed') execute function fail_to_drop()");

        var refused = await PostAsync(tenant, "/api/v1/channels", """{"name":"n","channel_type":"nothing"}""", "key-not-freed");

        await refused.ProblemAsync(422, "invalid_fields");
    }

    [PostgresTheory]
    [InlineData("two words")]
    [InlineData("")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        var tenant = await host.TenantAsync();

        await (await PostAsync(tenant, "/api/v1/channels", Channel, key)).ProblemAsync(400, "invalid_parameter");
    }

    private static Task<HttpResponseMessage> PostAsync(TenantUnderTest tenant, string path, string body, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Asking.Json(body) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return tenant.Http.SendAsync(request);
    }
}
