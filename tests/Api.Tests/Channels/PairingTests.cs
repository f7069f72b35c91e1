using Channels.Api.Tests.Host;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Grains.Abstractions;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

public sealed class PairingTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly DateTimeOffset Since = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static PairingState Scanning(PairingCode? code) => new(
        AccountStatus.Connecting, SessionStatus.ScanQrCode, Since, code, code is null ? null : Since.AddSeconds(45), "needs-pairing", "Waits for a phone.", "Scan it.", null);

    [PostgresFact]
    public async Task A_code_is_shown_as_picture_and_text_with_its_end()
    {
        host.Grains.Pairing = Scanning(new PairingCode("2@text", "data:image/png;base64,AAAA", "ABCD1234"));
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var seen = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}/pairing")).JsonAsync();

        Assert.Equal("connecting", seen.GetProperty("status").GetString());
        Assert.Equal("SCAN_QR_CODE", seen.GetProperty("session_status").GetString());
        Assert.Equal("data:image/png;base64,AAAA", seen.GetProperty("qr_code").GetString());
        Assert.Equal("2@text", seen.GetProperty("qr_code_raw").GetString());
        Assert.Equal("ABCD1234", seen.GetProperty("pairing_code").GetString());
        Assert.Equal(Since.AddSeconds(45), seen.GetProperty("qr_code_expires_at").GetDateTimeOffset());
        Assert.Equal(Since, seen.GetProperty("since").GetDateTimeOffset());
        Assert.Equal("Scan it.", seen.GetProperty("next_step").GetString());
    }

    [PostgresFact]
    public async Task What_is_not_known_stands_there_as_null()
    {
        host.Grains.Pairing = Scanning(null);
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var seen = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}/pairing")).JsonAsync();

        Assert.All((string[])["qr_code", "qr_code_raw", "qr_code_expires_at", "pairing_code", "connected_as"], name => Assert.Equal(System.Text.Json.JsonValueKind.Null, seen.GetProperty(name).ValueKind));
    }

    [PostgresTheory]
    [InlineData("activate-waha")]
    [InlineData("refresh-session")]
    public async Task Integrators_get_the_code_the_session_and_a_message_in_one_answer(string action)
    {
        host.Grains.Pairing = Scanning(new PairingCode("2@text", null, null));
        host.Grains.Activation = null;
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateWahaAsync();

        var seen = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/{action}", null)).JsonAsync();

        Assert.Equal(id, seen.GetProperty("channel_id").GetGuid());
        Assert.Equal(("connecting", "SCAN_QR_CODE", "2@text"), (seen.GetProperty("status").GetString(), seen.GetProperty("session_status").GetString(), seen.GetProperty("qr_code_raw").GetString()));
        Assert.StartsWith("data:image/png;base64,iVBOR", seen.GetProperty("qr_code").GetString(), StringComparison.Ordinal);
        Assert.Equal(Since.AddSeconds(45), seen.GetProperty("qr_code_expires_at").GetDateTimeOffset());
        Assert.Equal("Waits for a phone. Scan it.", seen.GetProperty("message").GetString());
    }

    [PostgresFact]
    public async Task A_session_that_works_has_no_code_and_says_that_it_is_connected()
    {
        host.Grains.Pairing = new(AccountStatus.Active, SessionStatus.Working, Since, null, null, null, null, null, "447700900100@s.whatsapp.net");
        host.Grains.Activation = null;
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateWahaAsync();

        var seen = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/activate-waha", null)).JsonAsync();

        Assert.Equal(("active", "WORKING", "Connected."), (seen.GetProperty("status").GetString(), seen.GetProperty("session_status").GetString(), seen.GetProperty("message").GetString()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, seen.GetProperty("qr_code").ValueKind);
    }

    [PostgresFact]
    public async Task Another_kind_is_not_activated_as_waha()
    {
        host.Grains.Numbers.Clear();
        var tenant = await host.TenantAsync();

        foreach (var id in new[] { await tenant.CreateEvolutionAsync(), await tenant.CreateSimulatorAsync() })
        {
            var problem = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/activate-waha", null)).ProblemAsync(409, "wrong_channel_kind");
            Assert.Contains("waha", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Empty(host.Grains.Numbers);
    }

    [PostgresTheory]
    [InlineData("2@text", true)]
    [InlineData(4000, false)]
    public async Task A_text_is_drawn_where_a_picture_can_hold_it(object text, bool drawn)
    {
        host.Grains.Pairing = Scanning(new PairingCode(text as string ?? new string('x', (int)text), null, null));
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var seen = await (await tenant.Http.GetAsync($"/api/v1/channels/{id}/pairing")).JsonAsync();

        Assert.Equal(drawn, seen.GetProperty("qr_code").GetString()?.StartsWith("data:image/png;base64,iVBOR", StringComparison.Ordinal) ?? false);
        Assert.NotNull(seen.GetProperty("qr_code_raw").GetString());
    }

    [PostgresTheory]
    [InlineData("+49 (151) 1234-5678", "4915112345678")]
    [InlineData("004915112345678", "4915112345678")]
    [InlineData("", null)]
    public async Task A_number_may_be_written_as_people_write_it(string given, string? digits)
    {
        host.Grains.Activation = null;
        host.Grains.Numbers.Clear();
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{id}/pairing", $$"""{"phone_number":"{{given}}"}""")).JsonAsync();

        Assert.Equal([digits], host.Grains.Numbers);
    }

    [PostgresTheory]
    [InlineData("call me")]
    [InlineData("123")]
    [InlineData("0151 12345678")]
    public async Task Something_else_is_a_complaint_about_the_number(string given)
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{id}/pairing", $$"""{"phone_number":"{{given}}"}""")).ProblemAsync(422, "invalid_fields");

        Assert.Equal(["phone_number"], problem.Fields());
    }

    [PostgresFact]
    public async Task A_gateway_that_refuses_is_a_problem_with_its_words()
    {
        host.Grains.Activation = new(false, AccountStatus.Error, null, "unauthorized", "The gateway said no.", "Correct 'api_key' and activate again.", "api_key");
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var problem = await (await tenant.Http.DeleteAsync($"/api/v1/channels/{id}/pairing")).ProblemAsync(422, "provider_refused");
        host.Grains.Activation = null;

        Assert.Contains("The gateway said no.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(["config.api_key"], problem.Fields());
    }
}
