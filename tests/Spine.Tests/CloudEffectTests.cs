using System.Net;
using System.Text.Json;
using Channels.FakeProviders.WhatsAppCloud;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>What Meta says of a number, or of who may speak in a chat, has its consequences, and they can be seen.</summary>
public sealed class CloudEffectTests(CloudSpine spine) : SpineTest(spine), IClassFixture<CloudSpine>
{
    private const string Account = "600700800901";

    [PostgresFact]
    public async Task A_number_that_sends_too_much_is_held_shows_it_and_goes_on_by_itself()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta);
        var said = FakeMetaWebhooks.BodyAt(FakeMetaWebhooks.Error(shop.Number, 130429), TimeProvider.System.GetUtcNow());

        // As Meta repeats: the hold ends all the same when it would have.
        Assert.Equal(HttpStatusCode.OK, await meta.Webhooks.PostAsync(shop.Number.WebhookOverride, said));
        Assert.Equal(HttpStatusCode.OK, await meta.Webhooks.PostAsync(shop.Number.WebhookOverride, said));
        var throttle = await Until.SeenAsync("the hold", async () => (await shop.Channel.StateAsync()).GetProperty("throttle"), one => one.ValueKind == JsonValueKind.Object);
        var until = throttle.GetProperty("held_until").GetDateTimeOffset();
        Assert.Contains("rate-limited", throttle.GetProperty("held_reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("active", await shop.Channel.StatusAsync());

        var text = Words();
        await meta.Webhooks.CustomerSaysAsync(shop.Number, Customer(), text);

        var send = Assert.Single(await Until.SeenAsync("the held reply", () => Task.FromResult(shop.Sends), sends => sends.Count > 0, within: TimeSpan.FromSeconds(60)));
        Assert.Equal(text, send.Text);
        Assert.True(send.At >= until, $"sent at {send.At:O}, held until {until:O}");
        Assert.Equal(JsonValueKind.Null, (await shop.Channel.StateAsync()).GetProperty("throttle").ValueKind);
    }

    [PostgresFact]
    public async Task A_number_that_is_told_so_in_answer_to_a_send_shows_it_as_well()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta);
        meta.Script(new FakeMetaBehaviour { FailStatus = 400, FailCode = 131048 });
        var before = TimeProvider.System.GetUtcNow();

        await meta.Webhooks.CustomerSaysAsync(shop.Number, Customer(), Words());

        var throttle = await Until.SeenAsync("the hold", async () => (await shop.Channel.StateAsync()).GetProperty("throttle"), one => one.ValueKind == JsonValueKind.Object);
        Assert.InRange(throttle.GetProperty("held_until").GetDateTimeOffset() - before, TimeSpan.FromMinutes(10), TimeSpan.FromHours(2));
        Assert.Contains("rate-limited", throttle.GetProperty("held_reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("active", await shop.Channel.StatusAsync());
        var told = Assert.Single(await Spine.EventsAsync("channel.account.throttled"), one => one.GetProperty("channel_id").GetGuid() == shop.Channel.Id);
        Assert.Equal(throttle.GetProperty("held_until").GetDateTimeOffset(), told.GetProperty("data").GetProperty("held_until").GetDateTimeOffset(), TimeSpan.FromSeconds(1));
    }

    [PostgresFact]
    public async Task A_conversation_that_Meta_gives_back_is_answered_again_unless_a_person_took_it_over_since()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta);
        var customer = Customer();
        await meta.Webhooks.CustomerSaysAsync(shop.Number, customer, Words());
        await shop.SentAsync(1);
        var path = $"/api/v1/conversations/{(await shop.Channel.ConversationAsync(customer)).Id}";
        await Spine.Tenant.PostAsync($"{path}/pause", new { });
        var now = TimeProvider.System.GetUtcNow();

        await meta.Webhooks.PostAsync(shop.Number.WebhookOverride, FakeMetaWebhooks.Body(FakeMetaWebhooks.ControlPassed(shop.Number, customer, now.AddMinutes(-1))));
        await shop.Channel.IdleAsync(webhooksFinished: 2);
        Assert.True((await Spine.Tenant.GetAsync(path)).GetProperty("agent_paused").GetBoolean());

        // A clock that goes ahead: it counts from when it came.
        await meta.Webhooks.PostAsync(shop.Number.WebhookOverride, FakeMetaWebhooks.Body(FakeMetaWebhooks.ControlPassed(shop.Number, customer, now.AddMinutes(1))));
        await Until.SeenAsync("the conversation to be given back", () => Spine.Tenant.GetAsync(path), one => !one.GetProperty("agent_paused").GetBoolean());
        var text = Words("again");
        await meta.Webhooks.CustomerSaysAsync(shop.Number, customer, text);
        Assert.Equal(text, (await shop.SentAsync(2))[1].Text);
    }

    [PostgresFact]
    public async Task How_a_number_stands_is_seen_without_anybody_asking()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta);
        var well = await SeenAsync(shop, state => state.GetProperty("health").ValueKind == JsonValueKind.Object);
        Assert.Equal("GREEN", well.GetProperty("health").GetProperty("facts").GetProperty("quality_rating").GetString());
        Assert.Equal(("active", null), (Text(well, "status"), Text(well, "status_code")));

        shop.Number.Quality = "RED";
        var ailing = await SeenAsync(shop, state => Text(state, "status_code") == "quality-low");
        Assert.Equal("active", Text(ailing, "status"));
        Assert.NotNull(Text(ailing, "next_step"));
        Assert.Equal(JsonValueKind.String, ailing.GetProperty("health").GetProperty("trouble_since").ValueKind);

        // It sends all the same.
        await meta.Webhooks.CustomerSaysAsync(shop.Number, Customer(), Words());
        await shop.SentAsync(1);

        shop.Number.Quality = "GREEN";
        await SeenAsync(shop, state => Text(state, "status_code") is null);
    }

    [PostgresFact]
    public async Task A_token_that_ended_is_said_before_anybody_writes_and_is_over_when_it_holds_again()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta);

        shop.Number.ReadsFail = (401, 190);
        var ended = await SeenAsync(shop, state => Text(state, "status_code") == "unauthorized");
        Assert.Equal("error", Text(ended, "status"));
        Assert.Contains("access_token", Text(ended, "next_step"), StringComparison.Ordinal);

        shop.Number.ReadsFail = null;
        await SeenAsync(shop, state => Text(state, "status") == "active" && Text(state, "status_code") is null);
    }

    [PostgresFact]
    public async Task A_token_that_a_reply_found_ended_first_is_over_as_well_when_it_holds_again()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta);
        meta.Behaviour = new FakeMetaBehaviour { FailStatus = 401, FailCode = 190 };
        await meta.Webhooks.CustomerSaysAsync(shop.Number, Customer(), Words());
        await SeenAsync(shop, state => Text(state, "status") == "error");
        shop.Number.ReadsFail = (401, 190);
        await SeenAsync(shop, state => Text(state, "next_step")?.Contains("access_token", StringComparison.Ordinal) == true);

        meta.Behaviour = new FakeMetaBehaviour();
        shop.Number.ReadsFail = null;

        await SeenAsync(shop, state => Text(state, "status") == "active" && Text(state, "status_code") is null);
        await meta.Webhooks.CustomerSaysAsync(shop.Number, Customer(), Words());
        await shop.SentAsync(1);
    }

    [PostgresFact]
    public async Task A_Meta_that_cannot_be_asked_is_said_and_breaks_nothing()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta);

        shop.Number.ReadsFail = (500, 131000);
        var silent = await SeenAsync(shop, state => Text(state, "status_code") == "provider-unreachable");
        Assert.Equal("active", Text(silent, "status"));
        await meta.Webhooks.CustomerSaysAsync(shop.Number, Customer(), Words());
        await shop.SentAsync(1);

        shop.Number.ReadsFail = null;
        await SeenAsync(shop, state => Text(state, "status_code") is null);
    }

    [PostgresFact]
    public async Task A_reply_that_waits_for_its_next_try_goes_to_the_number_that_its_contact_has_by_then()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta);
        var (before, after, text) = (Customer(), Customer(), Words());

        // Too much to this one person, says Meta: it is tried again in six seconds.
        meta.Script(new FakeMetaBehaviour { FailStatus = 400, FailCode = 131056 });
        await meta.Webhooks.CustomerSaysAsync(shop.Number, before, text);
        await Until.SeenAsync("the first try", () => Task.FromResult(meta.Bodies.Any(body => body.Contains(text, StringComparison.Ordinal))), seen => seen);
        await meta.Webhooks.PostAsync(shop.Number.WebhookOverride, FakeMetaWebhooks.Body(meta.Webhooks.NumberChanged(shop.Number, before, after)));

        var send = Assert.Single(await shop.SentAsync(1));
        Assert.Equal(($"+{after}", text), (send.To, send.Text));
    }

    private static Task<JsonElement> SeenAsync(CloudChannel shop, Func<JsonElement, bool> wanted) =>
        Until.SeenAsync("the channel's health", shop.Channel.StateAsync, wanted, state => state.GetRawText());

    private static string? Text(JsonElement state, string name) => state.GetProperty(name).GetString();

    private async Task<FakeMeta> MetaAsync()
    {
        var meta = await FakeMeta.StartAsync();
        Spine.KeepSecret(meta.Options.AccessToken, meta.Options.AppSecret);
        return meta;
    }

    private async Task<CloudChannel> ShopAsync(FakeMeta meta)
    {
        var shop = await CloudChannel.CreateAsync(Spine.Tenant, meta, $"5006007009{Spine.Next():00000}", Account, $"44207947{Spine.Next():0000}");
        Spine.KeepSecret(shop.Channel.Secret);
        await shop.Channel.ActivateAsync();
        return shop;
    }

    private string Customer() => $"4477010{Spine.Next():00000}";
}
