using Channels.Api.Tests.Host;
using Channels.Core.Ids;
using Channels.Testing;

namespace Channels.Api.Tests.Tenancy;

public sealed class FenceTests(ApiHost host) : IClassFixture<ApiHost>
{
    public static TheoryData<string, string, string?> EveryPathWithAnId => new()
    {
        { "GET", "/api/v1/channels/{channel}", null },
        { "PATCH", "/api/v1/channels/{channel}", """{"name":"x"}""" },
        { "PUT", "/api/v1/channels/{channel}", """{"name":"x"}""" },
        { "DELETE", "/api/v1/channels/{channel}", null },
        { "POST", "/api/v1/channels/{channel}/activate", null },
        { "POST", "/api/v1/channels/{channel}/deactivate", null },
        { "POST", "/api/v1/channels/{channel}/test-connection", null },
        { "GET", "/api/v1/channels/{channel}/metrics", null },
        { "GET", "/api/v1/channels/{channel}/status-history", null },
        { "POST", "/api/v1/channels/{channel}/rotate-webhook-secret", null },
        { "POST", "/api/v1/channels/{channel}/preview", "{}" },
        { "POST", "/api/v1/channels/{channel}/simulate", """{"from":"1","text":"x"}""" },
        { "POST", "/api/v1/channels/{channel}/parked-webhooks/replay", null },
        { "GET", "/api/v1/conversations/{conversation}", null },
        { "GET", "/api/v1/conversations/{conversation}/messages", null },
        { "POST", "/api/v1/conversations/{conversation}/messages", """{"text":"x"}""" },
        { "POST", "/api/v1/conversations/{conversation}/pause", null },
        { "POST", "/api/v1/conversations/{conversation}/resume", null },
        { "POST", "/api/v1/turns/{turn}/reply", """{"reply":"x"}""" },
        { "GET", "/api/v1/parked-webhooks/{parked}", null },
        { "POST", "/api/v1/parked-webhooks/{parked}/replay", null },
        { "DELETE", "/api/v1/parked-webhooks/{parked}", null },
        { "GET", "/api/v1/parked-webhooks/replays/{replay}", null },
        { "POST", "/api/v1/parked-webhooks/replays/{replay}/cancel", null },
        { "GET", "/api/v1/messages/{message}", null },
        { "GET", "/api/v1/messages/{message}/timeline", null },
        { "POST", "/api/v1/messages/{message}/redrive", null },
        { "POST", "/api/v1/messages/{message}/settle", """{"status":"sent"}""" },
        { "POST", "/api/v1/accounts/{channel}/messages", """{"to":"1","text":"x"}""" },
        { "DELETE", "/api/v1/api-keys/{key}", null },
        { "GET", "/api/v1/knowledge/documents/{document}", null },
        { "PUT", "/api/v1/knowledge/documents/{document}", """{"collection":"faq","title":"x","content":"x"}""" },
        { "DELETE", "/api/v1/knowledge/documents/{document}", null },
    };

    [PostgresTheory]
    [MemberData(nameof(EveryPathWithAnId))]
    public async Task A_foreign_id_answers_exactly_as_an_unknown_one(string method, string path, string? body)
    {
        var (owner, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        var rows = await Seed.OneOfEachAsync(host, owner);

        var foreign = await AskAsync(stranger, method, rows.Fill(path), body);
        var unknown = await AskAsync(stranger, method, SeededRows.Unknown().Fill(path), body);

        Assert.Equal(404, foreign.Status);
        Assert.Equal(unknown, foreign);
    }

    [PostgresTheory]
    [InlineData("/api/v1/channels", "channels")]
    [InlineData("/api/v1/conversations", "conversations")]
    [InlineData("/api/v1/conversations?channel_id={channel}", "conversations")]
    [InlineData("/api/v1/parked-webhooks", "parked_webhooks")]
    [InlineData("/api/v1/parked-webhooks?channel_id={channel}", "parked_webhooks")]
    [InlineData("/api/v1/parked-webhooks/groups", "groups")]
    [InlineData("/api/v1/parked-webhooks/replays", "replays")]
    [InlineData("/api/v1/ledger", "channels")]
    [InlineData("/api/v1/ledger?channel_id={channel}", "channels")]
    [InlineData("/api/v1/events", "events")]
    [InlineData("/api/v1/knowledge/documents", "documents")]
    [InlineData("/api/v1/knowledge/documents?collection=faq", "documents")]
    [InlineData("/api/v1/knowledge/search?q=delivery", "passages")]
    public async Task A_list_holds_nothing_of_another_tenant(string path, string list)
    {
        var (owner, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        var rows = await Seed.OneOfEachAsync(host, owner);

        // Events show only when every earlier transaction of the server has ended, also those of other tests.
        await Asking.EventuallyAsync(
            "the owner's rows", async () => await (await owner.Http.GetAsync(rows.Fill(path))).JsonAsync(), own => own.GetProperty(list).GetArrayLength() > 0);
        var foreign = await (await stranger.Http.GetAsync(rows.Fill(path))).JsonAsync();

        Assert.Equal(0, foreign.GetProperty(list).GetArrayLength());
    }

    [PostgresFact]
    public async Task The_store_itself_shows_a_tenant_only_its_own_rows_whatever_the_statement()
    {
        var (owner, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        await Seed.OneOfEachAsync(host, owner);
        string[] tables =
        [
            "tenant", "org_unit", "api_key", "data_key", "connector", "account", "channel_claim", "account_status_history", "inbox", "parked_webhook", "parked_count",
            "conversation", "conversation_alias", "transcript", "turn", "late_turn", "session", "intake", "channel_counter", "outbox", "event", "event_trim", "acceptance", "drop_counter", "replay", "knowledge_document", "knowledge_passage",
        ];

        foreach (var table in tables)
        {
            var seenByOwner = await CountAsync(owner.Id, table);
            var seenByStranger = await CountAsync(stranger.Id, table);
            var ofStranger = await CountAsync(null, table, stranger.Id);

            Assert.True(seenByOwner > 0, $"{table}: the test has put nothing there");
            Assert.True(seenByStranger == ofStranger, $"{table}: a stranger sees {seenByStranger} rows, {ofStranger} are its own");
        }
    }

    [PostgresFact]
    public async Task Keys_of_messages_have_no_tenant_of_their_own_and_are_shown_to_their_channels_alone()
    {
        var (owner, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        await Seed.OneOfEachAsync(host, owner);

        Assert.Equal(1, await CountAsync(owner.Id, "message_key"));
        Assert.Equal(0, await CountAsync(stranger.Id, "message_key"));
    }

    [PostgresFact]
    public async Task The_store_refuses_to_write_another_tenants_rows()
    {
        var (owner, stranger) = (await host.TenantAsync(), await host.TenantAsync());
        var rows = await Seed.OneOfEachAsync(host, owner);

        await using var connection = await EnterAsync(stranger.Id);
        await using var update = new Npgsql.NpgsqlCommand($"update account set name = 'stolen' where id = '{rows.Channel}'", connection);
        var touched = await update.ExecuteNonQueryAsync();
        await using var insert = new Npgsql.NpgsqlCommand(
            $"insert into inbox (tenant_id, account_id, id, received_at, path, body) values ('{owner.Id}', '{rows.Channel}', '{Seed.NewId()}', now(), '', '')", connection);
        var refusal = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => insert.ExecuteNonQueryAsync());

        Assert.Equal(0, touched);
        Assert.Equal("42501", refusal.SqlState);
    }

    private static async Task<(int Status, string Body)> AskAsync(TenantUnderTest tenant, string method, string path, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : Asking.Json(body) };
        using var answer = await tenant.Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<long> CountAsync(TenantId? asTenant, string table, TenantId? of = null)
    {
        var column = table == "tenant" ? "id" : "tenant_id";
        await using var connection = asTenant is { } tenant ? await EnterAsync(tenant) : await host.Db.OpenConnectionAsync();
        await using var count = new Npgsql.NpgsqlCommand($"select count(*) from {table}{(of is { } owner ? $" where {column} = '{owner}'" : "")}", connection);
        return (long)(await count.ExecuteScalarAsync())!;
    }

    private async Task<Npgsql.NpgsqlConnection> EnterAsync(TenantId tenant)
    {
        // Not pooled: the role would stay with the connection.
        var connection = new Npgsql.NpgsqlConnection($"{host.Db.ConnectionString};Pooling=false");
        await connection.OpenAsync();
        await using var enter = new Npgsql.NpgsqlCommand($"select set_config('channels.tenant', '{tenant}', false), set_config('role', 'channels_tenant', false)", connection);
        await enter.ExecuteNonQueryAsync();
        return connection;
    }
}
