using Channels.Core.Channels;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Account;
using Channels.Grains.Routing;

namespace Channels.Grains.Tests.Account;

public sealed class SortingTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_deletion_that_may_be_an_edit_takes_no_text_away(bool mayBeAnEdit, bool takesTheText)
    {
        var sorting = new Sorting(
            new TenantId(new Guid("0197f000-0000-7000-8000-000000000001")), new AccountId(new Guid("0197f000-0000-7000-8000-000000000002")),
            new RoutingSnapshot(ChannelPolicy.Default, HasAgent: true, AgentAcceptsMedia: false, Noon), new IdSource(TimeProvider.System), _ => null);

        sorting.Add(
            new WebhookId(new Guid("0197f000-0000-7000-8000-000000000003")), Noon,
            [new ChannelEvent { Kind = EventKinds.MessageDeleted, Action = EventAction.UpdateMessage, TargetMessageId = "3B0", MayBeAnEdit = mayBeAnEdit }]);

        var change = Assert.Single(sorting.ToBatch().Changes);
        Assert.Equal((takesTheText, null, Noon), (change.Deleted, change.NewText, change.At));
    }
}
