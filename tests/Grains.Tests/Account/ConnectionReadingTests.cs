using Channels.Core.Channels;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Grains.Account;

namespace Channels.Grains.Tests.Account;

public sealed class ConnectionReadingTests
{
    private static readonly TenantId _tenant = new(new Guid(1, 0, 0, new byte[8]));

    [Theory]
    [InlineData(AccountStatus.Error, "action-required")]
    [InlineData(AccountStatus.Disconnected, "removed")]
    [InlineData(AccountStatus.Disconnected, "closed")]
    [InlineData(AccountStatus.Disconnected, "logged-out")]
    [InlineData(AccountStatus.Connecting, "reconnecting")]
    [InlineData(AccountStatus.Connecting, "needs-pairing")]
    public void A_connection_that_is_open_again_ends_what_the_provider_said_before(AccountStatus status, string code) =>
        Assert.Equal((AccountStatus.Active, null), Next(status, code, EventKinds.ConnectionOpen) is { } change ? (change.Status, change.Code) : default);

    [Theory]
    [InlineData(AccountStatus.Error, "unauthorized")]
    [InlineData(AccountStatus.Pending, null)]
    [InlineData(AccountStatus.Active, "quality-low")]
    [InlineData(AccountStatus.Inactive, null)]
    public void It_ends_nothing_else(AccountStatus status, string? code) => Assert.Null(Next(status, code, EventKinds.ConnectionOpen));

    [Fact]
    public void An_account_that_was_removed_says_so_in_words_that_hold_without_a_gateway()
    {
        var change = Next(AccountStatus.Active, null, EventKinds.AccountRemoved, "PARTNER_REMOVED")!;

        Assert.Equal((AccountStatus.Disconnected, "removed"), (change.Status, change.Code));
        Assert.Equal("The provider removed the account, or took it from this app: PARTNER_REMOVED.", change.Reason);
        Assert.Equal("Give this app the account again at the provider, then activate the channel.", change.NextStep);
    }

    private static AccountStatusChange? Next(AccountStatus status, string? code, string kind, string? reason = null) =>
        ConnectionReading.Next(_tenant, status, code, new ChannelEvent { Kind = kind, Action = EventAction.UpdateConnection, Reason = reason });
}
