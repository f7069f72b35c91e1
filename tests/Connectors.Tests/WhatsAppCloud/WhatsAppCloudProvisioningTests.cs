using Channels.Core.Connectors;
using Channels.FakeProviders.WhatsAppCloud;

namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudProvisioningTests
{
    private const string Account = "500600700800900";
    private readonly IConnector _connector = TestConnections.Connector("whatsapp_cloud");

    [Fact]
    public async Task Activation_checks_the_number_and_subscribes_the_account()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        Assert.Equal(new ActivationOutcome.Active("442079460100"), await ActivateAsync(WhatsAppCloudOutboundTests.To(meta)));

        Assert.True(meta.Subscribed.ContainsKey(Account));
        Assert.Equal(2, meta.Calls.Count);
    }

    [Fact]
    public async Task Without_the_accounts_id_only_the_number_is_checked()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        Assert.IsType<ActivationOutcome.Active>(await ActivateAsync(WhatsAppCloudOutboundTests.To(meta, account: null)));
        Assert.Single(meta.Calls);
    }

    [Fact]
    public async Task A_wrong_token_is_the_tokens_fault_and_is_not_shown()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        var refused = Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(WhatsAppCloudOutboundTests.To(meta, token: "wrong-token-0123456789")));

        Assert.Equal(("unauthorized", "access_token"), (refused.Code, refused.Field));
        Assert.NotNull(refused.NextStep);
        Assert.DoesNotContain("wrong-token", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_number_and_an_unknown_account_are_their_settings_fault()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        Assert.Equal("phone_number_id", Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(WhatsAppCloudOutboundTests.To(meta, number: "1234567"))).Field);
        Assert.Equal("business_account_id", Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(WhatsAppCloudOutboundTests.To(meta, account: "1234567"))).Field);
    }

    [Fact]
    public async Task A_number_that_is_not_connected_says_what_to_do()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        meta.Numbers["500600700800901"].Status = "DISCONNECTED";

        var refused = Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(WhatsAppCloudOutboundTests.To(meta)));

        Assert.Equal("number-not-registered", refused.Code);
        Assert.Contains("Register", refused.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FLAGGED")]
    [InlineData("RESTRICTED")]
    [InlineData("RATE_LIMITED")]
    public async Task A_number_that_sends_all_the_same_is_activated_and_found_well_connected(string status)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        meta.Numbers["500600700800901"].Status = status;

        Assert.IsType<ActivationOutcome.Active>(await ActivateAsync(WhatsAppCloudOutboundTests.To(meta)));
        Assert.Empty((await CheckAsync(WhatsAppCloudOutboundTests.To(meta))).Complaints);
    }

    [Theory]
    [InlineData("PENDING", "number-not-registered")]
    [InlineData("UNVERIFIED", "number-not-registered")]
    [InlineData("DELETED", "number-not-registered")]
    [InlineData("MIGRATED", "number-not-registered")]
    [InlineData("BANNED", "account-restricted")]
    public async Task A_number_from_which_nothing_leaves_is_refused(string status, string code)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        meta.Numbers["500600700800901"].Status = status;

        Assert.Equal(code, Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(WhatsAppCloudOutboundTests.To(meta))).Code);
    }

    [Fact]
    public async Task Meta_not_answering_is_no_judgement_of_the_settings()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        await meta.StopAsync();

        Assert.IsType<ActivationOutcome.Unreachable>(await ActivateAsync(WhatsAppCloudOutboundTests.To(meta)));
        Assert.Equal("unreachable", Assert.Single((await CheckAsync(WhatsAppCloudOutboundTests.To(meta))).Complaints).Rule);
    }

    [Fact]
    public async Task A_check_changes_nothing_and_says_what_it_found()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        var check = await CheckAsync(WhatsAppCloudOutboundTests.To(meta));

        Assert.Empty(check.Complaints);
        Assert.Equal("Harbour Shop, +442079460100, quality GREEN", check.Found);
        Assert.Empty(meta.Subscribed);
        Assert.All(meta.Calls, call => Assert.StartsWith("GET ", call, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_check_notices_a_number_of_another_account_and_a_wrong_token()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        meta.AddNumber("700800900100", "700800900000", "442079460199");

        Assert.Equal("business_account_id", Assert.Single((await CheckAsync(WhatsAppCloudOutboundTests.To(meta, account: "700800900000"))).Complaints).Field);
        Assert.Equal("access_token", Assert.Single((await CheckAsync(WhatsAppCloudOutboundTests.To(meta, token: "wrong-token-0123456789"))).Complaints).Field);
    }

    [Fact]
    public async Task Typing_is_shown_as_the_beginning_of_an_answer_and_marks_the_message_read()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        await ((IReplyTypingConnector)_connector).ShowTypingAsync(WhatsAppCloudOutboundTests.To(meta), "wamid.THEIRS", CancellationToken.None);

        Assert.Equal(("wamid.THEIRS", true), Assert.Single(meta.Reads));
    }

    [Theory]
    [InlineData("+44 7700 900321", "447700900321", "447700900321")]
    [InlineData("GB.90000000000000000321", "GB.90000000000000000321", null)]
    [InlineData("somebody", null, null)]
    public void An_address_is_a_number_or_a_user_id(string written, string? chat, string? phone)
    {
        var address = ((IAddressing)_connector).AddressOf(written);

        Assert.Equal((chat, phone), (address?.ChatId, address?.Phone));
    }

    private Task<ActivationOutcome> ActivateAsync(Connection connection) => ((IProvisioningConnector)_connector).ActivateAsync(connection, CancellationToken.None);

    private Task<ConnectionCheck> CheckAsync(Connection connection) => ((IConnectionCheck)_connector).CheckAsync(connection, CancellationToken.None);
}
