using System.Net;
using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class PairingTests : SpineTest, IClassFixture<PairingSpine>
{
    public PairingTests(PairingSpine spine)
        : base(spine) => spine.KeepSecret("2@fake-");

    [PostgresFact]
    public async Task From_connect_over_the_code_to_open_and_the_first_answer()
    {
        var pair = await PairedChannel.CreateAsync(Spine);

        var started = await pair.ConnectAsync();

        Assert.Equal(("connecting", "SCAN_QR_CODE", "needs-pairing"), (started.Status, started.SessionStatus, started.ReasonCode));
        Assert.StartsWith("data:image/png;base64,", started.QrCode, StringComparison.Ordinal);
        Assert.Equal(pair.Instance.Code, started.QrCodeRaw);
        Assert.InRange(started.QrCodeExpiresAt!.Value - started.Since, PairingSpine.CodeLife / 2, PairingSpine.CodeLife * 1.5);
        Assert.Contains("Scan", started.NextStep, StringComparison.Ordinal);
        Assert.Equal(pair.Channel.WebhookUrl, pair.Instance.WebhookUrl);

        await pair.Gateway.ScanAsync(pair.Instance, pair.Number);
        var working = await pair.WorkingAsync();
        Assert.Equal((null, null, null, EvolutionBodies.Person(pair.Number)), (working.QrCode, working.NextStep, working.Reason, working.ConnectedAs));
        Assert.Equal(["connecting", "active"], await pair.HistoryAsync());

        var (customer, text) = (Spine.NewNumber(), Words());
        await Spine.Gateway.Webhooks.CustomerSaysAsync(pair.Instance, EvolutionBodies.Person(customer), text);
        await pair.Shop.SentAsync(1, customer);
    }

    [PostgresFact]
    public async Task A_code_the_gateway_replaces_is_replaced_for_who_watches()
    {
        var pair = await PairedChannel.CreateAsync(Spine);
        var first = await pair.ConnectAsync();

        await pair.Gateway.RotateAsync(pair.Instance);

        var second = await pair.SeenAsync("the next code", seen => seen.QrCodeRaw is { } code && code != first.QrCodeRaw);
        Assert.Equal(pair.Instance.Code, second.QrCodeRaw);
        Assert.Equal(["connecting"], await pair.HistoryAsync());
    }

    [PostgresFact]
    public async Task A_code_that_expired_is_asked_for_again_while_somebody_watches()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await PairedChannel.CreateAsync(Spine, gateway);
        gateway.Pairing.PostsWebhooks = false;
        var first = await pair.ConnectAsync();

        await gateway.Pairing.RotateAsync(pair.Instance);

        var second = await pair.SeenAsync("the next code", seen => seen.QrCodeRaw is { } code && code != first.QrCodeRaw);
        Assert.True(second.QrCodeExpiresAt > first.QrCodeExpiresAt);
    }

    [PostgresFact]
    public async Task Nobody_scanned_any_code_and_a_new_pairing_starts_over()
    {
        var pair = await PairedChannel.CreateAsync(Spine);
        await pair.ConnectAsync();
        pair.Instance.Codes = FakePairing.CodesGiven;

        await pair.Gateway.RotateAsync(pair.Instance);
        var expired = await pair.SeenAsync("the pairing to have expired", seen => seen.SessionStatus == "FAILED");

        Assert.Equal(("disconnected", "pairing-expired", null), (expired.Status, expired.ReasonCode, expired.QrCode));
        Assert.Contains("pairing", expired.NextStep, StringComparison.Ordinal);
        Assert.Equal("SCAN_QR_CODE", (await pair.ConnectAsync()).SessionStatus);
    }

    [PostgresFact]
    public async Task A_pairing_that_meets_the_limit_of_codes_at_once_gets_a_code_all_the_same()
    {
        var pair = await (await PairedChannel.CreateAsync(Spine)).PairedAsync();
        await pair.Gateway.PhoneLogsOutAsync(pair.Instance);
        await pair.SeenAsync("the pairing to have ended", seen => seen.SessionStatus == "UNAUTHORIZED");
        await pair.RecordedAsync("disconnected");
        pair.Instance.Codes = FakePairing.CodesGiven;

        await pair.ConnectAsync();

        await pair.SeenAsync("a code", seen => seen is { SessionStatus: "SCAN_QR_CODE", QrCodeRaw: not null });
        Assert.Equal(["connecting", "active", "disconnected", "connecting"], await pair.HistoryAsync());
    }

    [PostgresFact]
    public async Task A_phone_that_unlinks_ends_the_pairing_and_a_new_one_can_begin()
    {
        var pair = await (await PairedChannel.CreateAsync(Spine)).PairedAsync();

        await pair.Gateway.PhoneLogsOutAsync(pair.Instance);
        var ended = await pair.SeenAsync("the pairing to have ended", seen => seen.SessionStatus == "UNAUTHORIZED");

        Assert.Equal(("disconnected", "logged-out"), (ended.Status, ended.ReasonCode));
        Assert.Contains("Pair", ended.NextStep, StringComparison.Ordinal);
        await pair.PairedAsync();
    }

    [PostgresFact]
    public async Task Logging_out_here_ends_it_at_the_gateway_and_may_be_repeated()
    {
        var pair = await (await PairedChannel.CreateAsync(Spine)).PairedAsync();

        var first = await pair.LogOutAsync();
        var second = await pair.LogOutAsync();

        Assert.Equal(("disconnected", "STOPPED", "logged-out"), (first.Status, first.SessionStatus, first.ReasonCode));
        Assert.Equal("STOPPED", second.SessionStatus);
        Assert.Equal("close", pair.Instance.State);
        await pair.PairedAsync();
    }

    [PostgresFact]
    public async Task Removing_takes_the_instance_away_and_pairing_makes_it_anew()
    {
        var pair = await (await PairedChannel.CreateAsync(Spine)).PairedAsync();

        var removed = await pair.LogOutAsync(remove: true);

        Assert.Equal(("STOPPED", "removed"), (removed.SessionStatus, removed.ReasonCode));
        Assert.DoesNotContain(pair.Shop.Name, Spine.Gateway.Instances.Keys);
        await pair.PairedAsync();
    }

    [PostgresFact]
    public async Task The_wrong_phone_is_noticed_said_and_put_right()
    {
        var pair = await PairedChannel.CreateAsync(Spine);
        await pair.ConnectAsync();

        await pair.Gateway.ScanAsync(pair.Instance, "4915112345678");
        var wrong = await pair.SeenAsync("the wrong phone", seen => seen.ReasonCode == "wrong-number");

        Assert.Equal(("error", "WORKING"), (wrong.Status, wrong.SessionStatus));
        Assert.Contains("4915112345678", wrong.Reason, StringComparison.Ordinal);
        Assert.Contains(pair.Number, wrong.Reason, StringComparison.Ordinal);
        Assert.NotNull(wrong.NextStep);
        await pair.LogOutAsync();
        await pair.PairedAsync();
    }

    [PostgresFact]
    public async Task A_pairing_begun_while_the_gateway_was_away_goes_on_when_it_is_there()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await PairedChannel.CreateAsync(Spine, gateway);
        await gateway.StopAsync();

        Assert.Equal(HttpStatusCode.BadGateway, (await pair.AskAsync(HttpMethod.Post)).Status);
        Assert.Equal("provider-unreachable", (await pair.WatchAsync()).ReasonCode);
        await gateway.StartAgainAsync();

        await pair.SeenAsync("a code", seen => seen is { SessionStatus: "SCAN_QR_CODE", QrCodeRaw: not null });
    }

    [PostgresFact]
    public async Task An_instance_that_is_open_is_adopted_without_a_code()
    {
        var shop = await Spine.EvolutionAsync(activate: false);
        var pair = new PairedChannel(shop, shop.Instance.OwnJid!.Split('@')[0]);

        var adopted = await pair.ConnectAsync();

        Assert.Equal(("active", "WORKING", null), (adopted.Status, adopted.SessionStatus, adopted.QrCode));
        Assert.Equal(shop.Instance.OwnJid, adopted.ConnectedAs);
    }

    [PostgresFact]
    public async Task A_code_that_was_scanned_is_not_shown_again()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync();
        var scanned = pair.Instance.Code;
        await pair.LogOutAsync();
        gateway.Pairing.PostsWebhooks = false;

        // The gateway answers with the old one first.
        Assert.NotEqual(scanned, (await pair.ConnectAsync()).QrCodeRaw);

        var fresh = await pair.SeenAsync("a new code", seen => seen.QrCodeRaw is not null);
        Assert.Equal(pair.Instance.Code, fresh.QrCodeRaw);
        Assert.NotEqual(scanned, fresh.QrCodeRaw);
    }

    [PostgresFact]
    public async Task A_corrected_identity_puts_a_wrong_number_right()
    {
        var pair = await PairedChannel.CreateAsync(Spine);
        await pair.ConnectAsync();
        var other = $"49151{Spine.Next():00000000}";
        await pair.Gateway.ScanAsync(pair.Instance, other);
        await pair.SeenAsync("the wrong phone", seen => seen.ReasonCode == "wrong-number");

        await pair.Channel.Api.PatchAsync($"/api/v1/channels/{pair.Channel.Id}", new { identity = other });

        Assert.Equal(EvolutionBodies.Person(other), (await pair.WorkingAsync()).ConnectedAs);
    }

    [PostgresFact]
    public async Task A_code_given_as_text_alone_is_drawn_and_one_to_type_is_given_for_a_number()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        gateway.Pairing.DrawsCodes = false;
        var pair = await PairedChannel.CreateAsync(Spine, gateway);

        var started = await pair.ConnectAsync(new { phone_number = $"+{pair.Number}" });

        Assert.Equal("PNG"u8, Convert.FromBase64String(started.QrCode!.Split(',')[1]).AsSpan(1, 3));
        Assert.Equal("FAKE0001", started.PairingCode);
        var refused = await pair.Channel.Api.AskAsync(HttpMethod.Post, $"/api/v1/channels/{pair.Channel.Id}/pairing", new StringContent("""{"phone_number":"12 ab"}"""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains("phone_number", refused.Body, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task An_instance_the_gateway_cleaned_up_is_said_to_be_gone()
    {
        var pair = await PairedChannel.CreateAsync(Spine);
        await pair.ConnectAsync();

        await pair.Gateway.CleanUpAsync(pair.Instance);

        var gone = await pair.SeenAsync("the instance to be gone", seen => seen.SessionStatus == "STOPPED");
        Assert.Equal(("disconnected", "removed"), (gone.Status, gone.ReasonCode));
        await pair.PairedAsync();
    }

    [PostgresFact]
    public async Task Integrators_find_the_only_whatsapp_channel_and_name_it_where_there_are_several()
    {
        using var tenant = await ChannelsClient.NewTenantAsync(Spine.Product);
        Spine.KeepSecret(tenant.Key);
        Assert.Equal(HttpStatusCode.NotFound, (await tenant.AskAsync(HttpMethod.Get, "/api/channels/whatsapp/status")).Status);
        var pair = await PairedChannel.CreateAsync(Spine, tenant: tenant);

        var started = await tenant.PostAsync("/api/channels/whatsapp/connect");
        Assert.Equal((pair.Channel.Id, "SCAN_QR_CODE"), (started.GetProperty("channel_id").GetGuid(), started.GetProperty("session_status").GetString()));
        await pair.Gateway.ScanAsync(pair.Instance, pair.Number);
        await Until.SeenAsync(
            "it to work", async () => (await tenant.GetAsync("/api/channels/whatsapp/status")).GetProperty("session_status").GetString(), status => status == "WORKING");

        var other = await PairedChannel.CreateAsync(Spine, tenant: tenant);
        var several = await tenant.AskAsync(HttpMethod.Get, "/api/channels/whatsapp/status");
        Assert.Equal(HttpStatusCode.Conflict, several.Status);
        Assert.Contains(pair.Channel.Id.ToString(), several.Body, StringComparison.Ordinal);
        Assert.Contains(other.Channel.Id.ToString(), several.Body, StringComparison.Ordinal);
        var ended = await tenant.PostAsync($"/api/channels/whatsapp/disconnect?channel_id={pair.Channel.Id}");
        Assert.Equal("STOPPED", ended.GetProperty("session_status").GetString());
    }

    [PostgresFact]
    public async Task Integrators_read_conversations_as_sessions()
    {
        using var tenant = await ChannelsClient.NewTenantAsync(Spine.Product);
        Spine.KeepSecret(tenant.Key);
        var pair = await (await PairedChannel.CreateAsync(Spine, tenant: tenant)).PairedAsync();
        var customer = Spine.NewNumber();
        await pair.Shop.SaysAsync(customer, Words());
        await pair.Shop.SentAsync(1);

        var session = Assert.Single((await tenant.GetAsync("/api/sessions")).GetProperty("sessions").EnumerateArray());

        Assert.Equal((customer, "whatsapp", "Ines Okafor"), (session.GetProperty("phone_number").GetString(), session.GetProperty("channel").GetString(), session.GetProperty("sender_name").GetString()));
        Assert.True(session.TryGetProperty("prompt_context", out _) && session.TryGetProperty("created_at", out _) && session.TryGetProperty("id", out _));
    }

    [PostgresFact]
    public async Task Another_tenants_pairing_is_an_unknown_one()
    {
        var pair = await PairedChannel.CreateAsync(Spine);
        using var stranger = await ChannelsClient.NewTenantAsync(Spine.Product);
        Spine.KeepSecret(stranger.Key);

        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, $"/api/v1/channels/{pair.Channel.Id}/pairing"), (HttpMethod.Post, $"/api/v1/channels/{pair.Channel.Id}/pairing"),
            (HttpMethod.Delete, $"/api/v1/channels/{pair.Channel.Id}/pairing"), (HttpMethod.Post, $"/api/v1/channels/{pair.Channel.Id}/refresh-session"),
            (HttpMethod.Get, $"/api/channels/whatsapp/status?channel_id={pair.Channel.Id}"),
        })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.AskAsync(method, path)).Status);
        }
    }

    [PostgresFact]
    public async Task A_kind_without_phones_says_so()
    {
        var channel = await Spine.SimulatorAsync();

        Assert.Equal(HttpStatusCode.Conflict, (await Spine.Tenant.AskAsync(HttpMethod.Get, $"/api/v1/channels/{channel.Id}/pairing")).Status);
    }
}
