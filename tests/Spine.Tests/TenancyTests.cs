using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class TenancyTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private const string Unknown = "01900000-0000-7000-8000-00000000beef";

    // What a call needs for its id to be looked at; every other call takes none.
    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["POST /api/v1/channels/{id}/simulate"] = """{"from":"1","text":"x"}""",
        ["POST /api/v1/accounts/{id}/messages"] = """{"to":"1","text":"x"}""",
        ["POST /api/v1/conversations/{id}/messages"] = """{"text":"x"}""",
        ["PUT /api/v1/channels/{id}"] = """{"name":"x"}""",
    };

    [PostgresFact]
    public async Task A_foreign_id_answers_exactly_as_an_unknown_one_on_every_call()
    {
        var shop = await Spine.EvolutionAsync();
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words());
        await shop.SentAsync(1);
        await shop.Channel.DeliverAsync("not JSON"u8.ToArray());
        await shop.Channel.IdleAsync(webhooksFinished: 2);
        var ids = await IdsOfAsync(shop);
        using var stranger = await ChannelsClient.NewTenantAsync(Spine.Product, "stranger");
        Spine.KeepSecret(stranger.Key);
        var before = (await shop.Channel.StateAsync()).ToString();

        var calls = await CallsWithIdsAsync();
        Assert.True(calls.Count >= 15, $"the API's description shows only {calls.Count} calls with ids");
        foreach (var (method, path) in calls)
        {
            foreach (var id in ids)
            {
                var (foreign, unknown) = (await AskAsync(stranger, method, path, id), await AskAsync(stranger, method, path, Unknown));
                Assert.True((int)unknown.Status is >= 400 and < 500, $"{method} {path} with an unknown id answers {unknown}");
                Assert.True(
                    foreign.Status == unknown.Status && Comparable(foreign.Body, id) == Comparable(unknown.Body, Unknown),
                    $"{method} {path} tells them apart:\n{foreign}\n{unknown}");
            }
        }

        // Not a hair was bent.
        Assert.Equal(before, (await shop.Channel.StateAsync()).ToString());
        await shop.SaysAsync(number, Words("still"));
        await shop.SentAsync(2);
    }

    [PostgresFact]
    public async Task What_came_for_a_suspended_tenant_is_answered_when_it_is_resumed()
    {
        using var operatorClient = new ChannelsClient(Spine.Product.Address, Spine.Product.OperatorKey);
        var made = await operatorClient.PostAsync("/api/v1/tenants", new { name = "late payer" });
        var tenant = $"/api/v1/tenants/{made.GetProperty("id").GetGuid()}";
        using var client = new ChannelsClient(Spine.Product.Address, made.GetProperty("api_key").GetString());
        var channel = await client.CreateChannelAsync(new { name = "Simulator", channel_type = "simulator", identity = "late", agent = new { kind = "echo" } });
        Spine.KeepSecret(client.Key, channel.Secret);
        await channel.ActivateAsync();
        var text = Words();

        await operatorClient.PostAsync($"{tenant}/suspend", new { reason = "unpaid" });
        await channel.SimulateAsync("5491122224444", text);
        await Until.SeenAsync("it is recorded", () => channel.MessagesWithAsync("5491122224444"), found => found.Count == 1, Channel.Shown);
        // Longer than the sweep's period: it does not work on it either.
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.Single(await channel.MessagesWithAsync("5491122224444"));
        await operatorClient.PostAsync($"{tenant}/resume");

        var messages = await Until.SeenAsync(
            "the echo, sent", () => channel.MessagesWithAsync("5491122224444"), found => found.Any(message => message is { IsOut: true, Status: "sent" }), Channel.Shown);
        Assert.Equal(text, messages[^1].Text);
    }

    [PostgresFact]
    public async Task What_a_tenant_lists_is_its_own()
    {
        var shop = await Spine.EvolutionAsync();
        await shop.SaysAsync(Spine.NewNumber(), Words());
        await shop.SentAsync(1);
        using var stranger = await ChannelsClient.NewTenantAsync(Spine.Product, "stranger");
        Spine.KeepSecret(stranger.Key);

        foreach (var (list, member) in new[]
        {
            ("/api/v1/channels", "channels"), ("/api/v1/conversations", "conversations"), ($"/api/v1/conversations?channel_id={shop.Channel.Id}", "conversations"),
            ("/api/v1/parked-webhooks", "parked_webhooks"), ($"/api/v1/parked-webhooks?channel_id={shop.Channel.Id}", "parked_webhooks"), ("/api/v1/events", "events"),
        })
        {
            var answer = await stranger.GetAsync(list);
            Assert.True(answer.GetProperty(member).GetArrayLength() == 0, $"{list}: {answer}");
        }

        var keys = (await stranger.GetAsync("/api/v1/api-keys")).ToString();
        Assert.DoesNotContain((await Spine.Tenant.GetAsync("/api/v1/api-keys")).GetProperty("api_keys")[0].GetProperty("id").GetString()!, keys, StringComparison.Ordinal);
    }

    // Each id is tried on each call: a call must not fall for an id of another sort either.
    private static async Task<IReadOnlyList<string>> IdsOfAsync(EvolutionChannel shop)
    {
        var api = shop.Channel.Api;
        var conversation = (await shop.Channel.ConversationsAsync())[0];
        return
        [
            $"{shop.Channel.Id}", $"{conversation.Id}", $"{(await shop.Channel.MessagesAsync(conversation.Id))[0].Id}",
            (await api.GetAsync("/api/v1/parked-webhooks")).GetProperty("parked_webhooks")[0].GetProperty("id").GetString()!,
            (await api.GetAsync("/api/v1/api-keys")).GetProperty("api_keys")[0].GetProperty("id").GetString()!,
        ];
    }

    private async Task<IReadOnlyList<(HttpMethod Method, string Path)>> CallsWithIdsAsync()
    {
        var description = await Spine.Tenant.GetAsync("/openapi/v1.json");
        return
        [
            .. from path in description.GetProperty("paths").EnumerateObject()
               where path.Name.Contains("{id}", StringComparison.Ordinal) && !path.Name.StartsWith("/api/v1/tenants", StringComparison.Ordinal)
               from call in path.Value.EnumerateObject()
               where call.Name is "get" or "post" or "put" or "patch" or "delete"
               select (HttpMethod.Parse(call.Name), path.Name),
        ];
    }

    private static Task<Answer> AskAsync(ChannelsClient client, HttpMethod method, string path, string id)
    {
        var content = method == HttpMethod.Get || method == HttpMethod.Delete
            ? null
            : new StringContent(Bodies.GetValueOrDefault($"{method} {path}") ?? "{}", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return client.AskAsync(method, path.Replace("{id}", id, StringComparison.Ordinal).Replace("{path}", "", StringComparison.Ordinal), content);
    }

    // The trace's id and the id asked for differ by nature.
    private static string Comparable(string body, string id)
    {
        var members = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(body)!;
        members.Remove("trace_id");
        members.Remove("traceId");
        return JsonSerializer.Serialize(members).Replace(id, "ID", StringComparison.OrdinalIgnoreCase);
    }
}
