using System.Net;
using System.Text.Json;
using Channels.FakeProviders.WhatsAppCloud;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>WhatsApp through Meta's Cloud API: one app, many numbers, one webhook.</summary>
public sealed class WhatsAppCloudTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private const string Account = "600700800900";

    [PostgresFact]
    public async Task A_message_is_answered_through_Meta_and_its_statuses_follow()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta, Spine.Tenant);
        await shop.Channel.ActivateAsync();
        Assert.Equal(shop.Channel.WebhookUrl, shop.Number.WebhookOverride);
        Assert.True(meta.Subscribed.ContainsKey(Account));
        var (customer, text) = (Customer(), Words("olá / ção"));

        Assert.Equal(HttpStatusCode.OK, await meta.Webhooks.CustomerSaysAsync(shop.Number, customer, text));

        var send = Assert.Single(await shop.SentAsync(1));
        Assert.Equal(($"+{customer}", text), (send.To, send.Text));
        var reply = Assert.Single(await shop.Channel.MessagesWithAsync(customer), message => message.IsOut);
        Assert.Equal(reply.Id.ToString(), send.Callback);

        await meta.Webhooks.StatusAsync(shop.Number, send, "delivered");
        await ReplyIsAsync(shop, customer, "delivered");
        await meta.Webhooks.StatusAsync(shop.Number, send, "read");
        await ReplyIsAsync(shop, customer, "read");
    }

    [PostgresFact]
    public async Task One_body_for_two_tenants_is_answered_by_each_and_seen_by_nobody_else()
    {
        await using var meta = await MetaAsync();
        using var otherTenant = await ChannelsClient.NewTenantAsync(Spine.Product, "other");
        var ours = await ShopAsync(meta, Spine.Tenant, setWebhook: false);
        var theirs = await ShopAsync(meta, otherTenant, setWebhook: false);
        Spine.KeepSecret(otherTenant.Key, theirs.Channel.Secret);
        await ours.Channel.ActivateAsync();
        await theirs.Channel.ActivateAsync();
        meta.Webhooks.AppUrl = new Uri(Spine.Product.Address, "/api/webhooks/whatsapp_cloud");
        Assert.True(await meta.Webhooks.ShakeHandsAsync(meta.Webhooks.AppUrl, ours.Channel.Secret));
        var customer = Customer();
        var (first, second) = (Words("first"), Words("second"));
        var body = FakeMetaWebhooks.Body(meta.Webhooks.Message(ours.Number, customer, first), meta.Webhooks.Message(theirs.Number, customer, second));

        Assert.Equal(HttpStatusCode.OK, await meta.Webhooks.PostAsync(null, body));
        Assert.Equal(HttpStatusCode.OK, await meta.Webhooks.PostAsync(null, body));

        Assert.Equal(first, Assert.Single(await ours.SentAsync(1)).Text);
        Assert.Equal(second, Assert.Single(await theirs.SentAsync(1)).Text);
        Assert.Equal(1, (await ours.Channel.IdleAsync(webhooksFinished: 2)).DuplicatesDropped);
        Assert.Equal(1, (await theirs.Channel.IdleAsync(webhooksFinished: 2)).DuplicatesDropped);
        Assert.Single(ours.Sends);
        Assert.Single(theirs.Sends);
        Assert.DoesNotContain(await ours.Channel.MessagesWithAsync(customer), message => message.Text == second);
        Assert.DoesNotContain(await theirs.Channel.MessagesWithAsync(customer), message => message.Text == first);
    }

    [PostgresFact]
    public async Task A_send_that_got_no_answer_is_settled_by_the_status_that_brings_our_id()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta, Spine.Tenant, sendTimeout: 1);
        await shop.Channel.ActivateAsync();
        meta.Script(new FakeMetaBehaviour { AcceptThenHang = true });
        var customer = Customer();

        await meta.Webhooks.CustomerSaysAsync(shop.Number, customer, Words());
        var send = Assert.Single(await shop.SentAsync(1));
        await ReplyIsAsync(shop, customer, "unknown");
        await meta.Webhooks.StatusAsync(shop.Number, send, "delivered");

        var reply = await ReplyIsAsync(shop, customer, "delivered");
        Assert.Equal((send.Id, false), (reply.ProviderMessageId, reply.PossiblyDuplicate));
        Assert.Equal(0, (await shop.Channel.MetricsAsync()).RepliesWaiting);
        Assert.Single(shop.Sends);
    }

    [PostgresFact]
    public async Task A_person_who_takes_a_user_name_goes_on_in_the_same_conversation()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta, Spine.Tenant);
        await shop.Channel.ActivateAsync();
        var customer = Customer();
        var userId = $"GB.1{customer}";

        await meta.Webhooks.CustomerSaysAsync(shop.Number, customer, Words("with number"), userId: userId);
        await shop.SentAsync(1);
        await meta.Webhooks.CustomerSaysAsync(shop.Number, userId, Words("without"), userId: userId);
        var sends = await shop.SentAsync(2);

        Assert.All(sends, send => Assert.Equal($"+{customer}", send.To));
        Assert.Equal([customer, userId], (await shop.Channel.ConversationAsync(customer)).Contact.Aliases);
    }

    [PostgresFact]
    public async Task A_person_with_a_user_name_who_changes_their_number_goes_on_in_the_same_conversation()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta, Spine.Tenant);
        await shop.Channel.ActivateAsync();
        var (before, after) = ($"GB.1{Customer()}", $"GB.2{Customer()}");

        await meta.Webhooks.CustomerSaysAsync(shop.Number, before, Words("old number"), userId: before);
        await shop.SentAsync(1);
        await meta.Webhooks.PostAsync(shop.Number.WebhookOverride, FakeMetaWebhooks.Body(meta.Webhooks.UserIdChanged(shop.Number, before, after)));
        await meta.Webhooks.CustomerSaysAsync(shop.Number, after, Words("new number"), userId: after);
        var sends = await shop.SentAsync(2);

        Assert.Equal([before, after], sends.Select(send => send.To));
        Assert.Equal((await shop.Channel.ConversationAsync(before)).Id, (await shop.Channel.ConversationAsync(after)).Id);
    }

    [PostgresFact]
    public async Task What_went_through_the_API_is_kept_once_and_silences_nobody()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta, Spine.Tenant);
        await shop.Channel.ActivateAsync();
        var (customer, theirs) = (Customer(), Words("another program's"));

        await meta.Webhooks.CustomerSaysAsync(shop.Number, customer, Words("first"));
        var ours = Assert.Single(await shop.SentAsync(1));
        await meta.Webhooks.PostAsync(shop.Number.WebhookOverride, FakeMetaWebhooks.Body(
            meta.Webhooks.SentByApi(shop.Number, customer, ours.Id, ours.Text!), meta.Webhooks.SentByApi(shop.Number, customer, "wamid.THEIRS", theirs)));
        await meta.Webhooks.CustomerSaysAsync(shop.Number, customer, Words("second"));
        var sends = await shop.SentAsync(2);

        await shop.Channel.IdleAsync(webhooksFinished: 3);

        // Another program's waits while a reply of ours may still be under way.
        var told = (await Until.SeenAsync(
            "what another program sent is kept", () => shop.Channel.MessagesWithAsync(customer), messages => messages.Count(message => message.IsOut) >= 3, Channel.Shown, TimeSpan.FromSeconds(60)))
            .Where(message => message.IsOut).ToList();
        Assert.Equal(3, told.Count);
        Assert.All(sends, send => Assert.Single(told, message => message.ProviderMessageId == send.Id));
        Assert.Equal("program", Assert.Single(told, message => message.Text == theirs).Author);
    }

    [PostgresFact]
    public async Task A_closed_window_refuses_beforehand_and_says_since_when()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta, Spine.Tenant);
        await shop.Channel.ActivateAsync();
        var (open, closed) = (Customer(), Customer());
        await meta.Webhooks.CustomerSaysAsync(shop.Number, open, Words());
        await shop.SentAsync(1);
        var old = FakeMetaWebhooks.Body(meta.Webhooks.Message(shop.Number, closed, Words("two days ago"), at: TimeProvider.System.GetUtcNow().AddDays(-2)));
        await meta.Webhooks.PostAsync(shop.Number.WebhookOverride, old);
        await shop.SentAsync(2);

        var window = (await Spine.Tenant.GetAsync($"/api/v1/conversations/{(await shop.Channel.ConversationAsync(open)).Id}")).GetProperty("reply_window");
        Assert.True(window.GetProperty("open").GetBoolean());
        var path = $"/api/v1/conversations/{(await shop.Channel.ConversationAsync(closed)).Id}";
        Assert.False((await Spine.Tenant.GetAsync(path)).GetProperty("reply_window").GetProperty("open").GetBoolean());

        var refused = await Spine.Tenant.AskAsync(HttpMethod.Post, $"{path}/messages", System.Net.Http.Json.JsonContent.Create(new { text = Words() }));
        var template = await Spine.Tenant.AskAsync(
            HttpMethod.Post, $"{path}/messages", System.Net.Http.Json.JsonContent.Create(new { type = "template", template = new { name = "order_news", language = "en" } }));

        Assert.Equal((HttpStatusCode.Conflict, "window_closed"), (refused.Status, refused.Json.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.Accepted, template.Status);
        Assert.Equal("template", (await shop.SentAsync(3))[2].Type);
    }

    [PostgresFact]
    public async Task A_token_that_ends_stops_the_channel_and_says_what_to_do()
    {
        await using var meta = await MetaAsync();
        var shop = await ShopAsync(meta, Spine.Tenant);
        await shop.Channel.ActivateAsync();
        meta.Behaviour = new FakeMetaBehaviour { FailStatus = 401, FailCode = 190 };

        await meta.Webhooks.CustomerSaysAsync(shop.Number, Customer(), Words());

        var state = await Until.SeenAsync("the channel to say that its token does not hold", shop.Channel.StateAsync, one => one.GetProperty("status").GetString() == "error");
        Assert.Equal(JsonValueKind.String, state.GetProperty("status_reason").ValueKind);

        // The reply waits, and is not given up.
        Assert.Equal(1, (await shop.Channel.MetricsAsync()).RepliesWaiting);
        meta.Behaviour = new FakeMetaBehaviour();
        Assert.True((await shop.Channel.ActivateAsync()).GetProperty("success").GetBoolean());
        Assert.Equal("active", await shop.Channel.StatusAsync());
    }

    private async Task<FakeMeta> MetaAsync()
    {
        var meta = await FakeMeta.StartAsync();
        Spine.KeepSecret(meta.Options.AccessToken, meta.Options.AppSecret);
        return meta;
    }

    private async Task<CloudChannel> ShopAsync(FakeMeta meta, ChannelsClient tenant, int sendTimeout = 20, bool setWebhook = true)
    {
        var shop = await CloudChannel.CreateAsync(tenant, meta, $"5006007008{Spine.Next():00000}", Account, $"44207946{Spine.Next():0000}", sendTimeout, setWebhook);
        Spine.KeepSecret(shop.Channel.Secret);
        return shop;
    }

    private string Customer() => $"4477009{Spine.Next():00000}";

    private static Task<Message> ReplyIsAsync(CloudChannel shop, string customer, string status) => Until.SeenAsync(
        $"the reply to {customer} to be {status}", async () => (await shop.Channel.MessagesWithAsync(customer)).LastOrDefault(message => message.IsOut)!, message => message?.Status == status);
}
