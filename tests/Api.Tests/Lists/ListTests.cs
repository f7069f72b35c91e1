using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Lists;

/// <summary>What lists find, page by page; how fast they do with very many rows is bench/Bench's affair.</summary>
public sealed class ListTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task A_channel_is_listed_under_the_status_it_is_shown_with()
    {
        var tenant = await host.TenantAsync();
        var shown = new Dictionary<string, Guid>();
        foreach (var (account, connector, status) in new[]
        {
            ("active", "active", "active"), ("active", "error", "error"), ("active", "disabled", "inactive"), ("active", "starting", "connecting"),
            ("disconnected", "error", "disconnected"), ("pending", "active", "pending"),
        })
        {
            var channel = await tenant.CreateEvolutionAsync($"shop-{shown.Count}", $"549110000000{shown.Count}");
            await Seed.RunAsync(host.Db, "update connector set status = $2 where id = (select connector_id from account where id = $1)", channel, connector);
            await Seed.RunAsync(host.Db, "update account set status = $2 where id = $1", channel, account);
            shown.Add(status, channel);
        }

        foreach (var (status, channel) in shown)
        {
            var list = await (await tenant.Http.GetAsync($"/api/v1/channels?status={status}")).JsonAsync();
            var found = Assert.Single(list.GetProperty("channels").EnumerateArray());
            Assert.Equal((channel, status, 1), (found.GetProperty("id").GetGuid(), found.GetProperty("status").GetString(), list.GetProperty("total").GetInt32()));
        }

        Assert.Equal(6, (await (await tenant.Http.GetAsync("/api/v1/channels")).JsonAsync()).GetProperty("total").GetInt32());
    }

    [PostgresFact]
    public async Task Pages_follow_each_other_without_gaps_and_end_with_their_total()
    {
        var tenant = await host.TenantAsync();
        var made = new List<Guid>();
        for (var i = 0; i < 7; i++)
        {
            made.Add(await tenant.CreateEvolutionAsync($"shop-{i}", $"549110000000{i}"));
        }

        var seen = new List<Guid>();
        for (var page = 1; page <= 4; page++)
        {
            var list = await (await tenant.Http.GetAsync($"/api/v1/channels?limit=3&page={page}&type=evolution")).JsonAsync();
            seen.AddRange(Ids(list, "channels"));
            Assert.Equal(7, list.GetProperty("total").GetInt32());
        }

        made.Reverse();
        Assert.Equal(made, seen);
        Assert.Equal(0, (await (await tenant.Http.GetAsync("/api/v1/channels?type=simulator")).JsonAsync()).GetProperty("total").GetInt32());
    }

    [PostgresTheory]
    [InlineData("shop 1", 1)]
    [InlineData("SHOP", 1)]
    [InlineData("5491100000001", 1)]
    [InlineData("000000", 1)]
    [InlineData("100%", 0)]
    [InlineData("_", 0)]
    [InlineData("\\", 0)]
    [InlineData("shop 2", 0)]
    public async Task Channels_are_found_by_any_part_of_their_name_or_identity(string search, int found)
    {
        var tenant = await host.TenantAsync();
        await tenant.CreateEvolutionAsync();
        await (await host.TenantAsync()).CreateEvolutionAsync();

        var list = await (await tenant.Http.GetAsync($"/api/v1/channels?search={Uri.EscapeDataString(search)}")).JsonAsync();

        Assert.Equal((found, found), (list.GetProperty("total").GetInt32(), list.GetProperty("channels").GetArrayLength()));
    }

    [PostgresTheory]
    [InlineData("ANA", 2)]
    [InlineData("5491122", 2)]
    [InlineData("223334@s", 1)]
    [InlineData("new name", 0)]
    [InlineData("%", 0)]
    public async Task Conversations_are_found_by_any_part_of_who_it_is_and_come_with_their_aliases(string search, int found)
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        var first = await Seed.ConversationAsync(host, tenant.Id, channel, "5491122223333@s.whatsapp.net");
        var second = await Seed.ConversationAsync(host, tenant.Id, channel, "5491122223334@s.whatsapp.net");
        await Seed.RunAsync(host.Db, "insert into conversation_alias values ($1, $2, 'alias-of-second', $3)", tenant.Id.Value, channel, second);
        await Seed.RunAsync(host.Db, "update conversation set last_message_at = now() - interval '1 day' where id = $1", first);

        var list = await (await tenant.Http.GetAsync($"/api/v1/conversations?search={Uri.EscapeDataString(search)}")).JsonAsync();

        Assert.Equal((found, found), (list.GetProperty("total").GetInt32(), list.GetProperty("conversations").GetArrayLength()));
        if (found > 0)
        {
            Assert.Equal(second, Ids(list, "conversations")[0]);
            Assert.Contains("alias-of-second", list.GetProperty("conversations")[0].GetRawText(), StringComparison.Ordinal);
        }
    }

    [PostgresFact]
    public async Task A_contact_that_changes_its_name_is_found_by_the_new_one()
    {
        var tenant = await host.TenantAsync();
        var conversation = await Seed.ConversationAsync(host, tenant.Id, await tenant.CreateSimulatorAsync());
        await Seed.RunAsync(host.Db, "update conversation set contact_name = 'Büßer' where id = $1", conversation);

        Assert.Equal([conversation], Ids(await (await tenant.Http.GetAsync($"/api/v1/conversations?search={Uri.EscapeDataString("büß")}")).JsonAsync(), "conversations"));
        Assert.Empty(Ids(await (await tenant.Http.GetAsync("/api/v1/conversations?search=ana")).JsonAsync(), "conversations"));
    }

    [PostgresTheory]
    [InlineData("/api/v1/channels?search=")]
    [InlineData("/api/v1/channels?type=")]
    [InlineData("/api/v1/channels?status=")]
    [InlineData("/api/v1/conversations?search=")]
    [InlineData("/api/v1/knowledge/documents?search=")]
    [InlineData("/api/v1/knowledge/documents?collection=")]
    [InlineData("/api/v1/knowledge/search?q=x&collection=")]
    [InlineData("/api/v1/knowledge/search?q=")]
    public async Task A_filter_that_no_row_can_hold_is_no_fault_of_the_server(string path)
    {
        var tenant = await host.TenantAsync();

        foreach (var odd in new[] { "a%00b", "%ED%A0%80", "%FF%FE", "%F0%9F", new string('x', 5000), "%5C", "%25%5C%25" })
        {
            var answer = await tenant.Http.GetAsync(path + odd);

            Assert.True((int)answer.StatusCode is 200 or 400 or 422, $"{odd[..Math.Min(9, odd.Length)]}: {(int)answer.StatusCode}");
        }
    }

    private static List<Guid> Ids(JsonElement list, string name) => [.. list.GetProperty(name).EnumerateArray().Select(one => one.GetProperty("id").GetGuid())];
}
