using Channels.Core.Channels;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Grains.Account;
using Channels.Grains.Routing;

namespace Channels.Grains.Tests.Account;

public sealed class SortingTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_deletion_that_may_be_an_edit_changes_nothing_and_is_counted()
    {
        var batch = Sorted(Deletion with { MayBeAnEdit = true });

        Assert.Empty(batch.Changes);
        Assert.Equal("message.deleted that may be an edit", Assert.Single(batch.Dropped));
    }

    [Fact]
    public void A_deletion_takes_the_text_away()
    {
        var batch = Sorted(Deletion);

        var change = Assert.Single(batch.Changes);
        Assert.Equal((true, null, Noon), (change.Deleted, change.NewText, change.At));
        Assert.Empty(batch.Dropped);
    }

    private static ChannelEvent Deletion => new() { Kind = EventKinds.MessageDeleted, Action = EventAction.UpdateMessage, TargetMessageId = "3B0" };

    private static AccountBatch Sorted(ChannelEvent happened)
    {
        var sorting = new Sorting(
            new TenantId(new Guid("0197f000-0000-7000-8000-000000000001")), new AccountId(new Guid("0197f000-0000-7000-8000-000000000002")),
            new RoutingSnapshot(ChannelPolicy.Default, HasAgent: true, AgentAcceptsMedia: false, Noon), new IdSource(TimeProvider.System), _ => null);
        sorting.Add(new WebhookId(new Guid("0197f000-0000-7000-8000-000000000003")), Noon, [happened]);
        return sorting.ToBatch();
    }
}
