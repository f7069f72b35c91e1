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

    [Fact]
    public void When_an_edit_came_is_not_when_it_was_made()
    {
        var edit = Deletion with { Kind = EventKinds.MessageEdited, Text = "after" };

        Assert.Null(Assert.Single(Sorted(edit).Changes).At);
        Assert.Equal(Noon, Assert.Single(Sorted(edit with { Timestamp = Noon }).Changes).At);
        Assert.Equal(Noon, Assert.Single(Sorted(edit with { Timestamp = Noon.AddDays(-1), ChangedAt = Noon }).Changes).At);
    }

    [Theory]
    [InlineData(EventKinds.StatusDelivered)]
    [InlineData(EventKinds.StatusRead)]
    [InlineData(EventKinds.StatusPlayed)]
    public void What_one_member_of_a_group_has_or_read_is_not_what_the_group_has_or_read(string kind)
    {
        var batch = Sorted(OfOneMember(Receipt(kind)));

        Assert.Empty(batch.Receipts);
        Assert.Equal($"{kind} of one member of a group", Assert.Single(batch.Dropped));
    }

    [Theory]
    [InlineData(EventKinds.StatusSent, "sent")]
    [InlineData(EventKinds.StatusFailed, "failed")]
    public void That_a_message_left_or_failed_counts_also_where_one_member_is_named(string kind, string status)
    {
        var batch = Sorted(OfOneMember(Receipt(kind)));

        Assert.Equal(status, Assert.Single(batch.Receipts).Status);
        Assert.Empty(batch.Dropped);
    }

    [Fact]
    public void One_members_receipt_proves_that_a_message_named_by_our_own_id_left()
    {
        var own = new Guid("0197f000-0000-7000-8000-000000000004");
        var read = OfOneMember(Receipt(EventKinds.StatusRead));

        var batch = Sorted(read with { Details = read.Details.Add("correlation", own.ToString("D")) });

        var receipt = Assert.Single(batch.Receipts);
        Assert.Equal(("sent", (MessageId?)new MessageId(own)), (receipt.Status, receipt.Ours));
    }

    [Theory]
    [InlineData(EventKinds.StatusDelivered, "delivered")]
    [InlineData(EventKinds.StatusRead, "read")]
    [InlineData(EventKinds.StatusPlayed, "read")]
    public void A_receipt_that_names_no_member_moves_the_message(string kind, string status) =>
        Assert.Equal(status, Assert.Single(Sorted(Receipt(kind)).Receipts).Status);

    [Fact]
    public void A_reaction_of_our_own_may_be_the_echo_of_one_that_was_sent_through_us_and_pauses_nobody()
    {
        var batch = Sorted(Reaction with { FromMe = true }, new ConversationId(new Guid("0197f000-0000-7000-8000-000000000005")));

        var echo = Assert.Single(batch.Echoes);
        Assert.Equal((false, Author.Person, "3EB0", "👍"), (echo.PausesAgent, echo.Message.Author, echo.Message.ProviderMessageId, echo.Message.Text));
        Assert.Empty(batch.Messages);
    }

    [Fact]
    public void A_contacts_reaction_is_the_contacts()
    {
        var batch = Sorted(Reaction with { FromMe = false }, new ConversationId(new Guid("0197f000-0000-7000-8000-000000000005")));

        Assert.Equal((Author.Contact, "reaction"), (Assert.Single(batch.Messages).Author, batch.Messages[0].KeyClass));
        Assert.Empty(batch.Echoes);
    }

    [Theory]
    [InlineData(false, "reaction")]
    [InlineData(true, "message")]
    public void A_reaction_of_the_past_stands_where_it_was_given(bool fromUs, string keyClass)
    {
        var then = Noon - TimeSpan.FromDays(5);
        var batch = Sorted(Reaction with { Kind = EventKinds.HistoryMessage, FromMe = fromUs, Timestamp = then }, new ConversationId(new Guid("0197f000-0000-7000-8000-000000000005")));

        var recorded = Assert.Single(batch.Messages);
        Assert.Equal((true, keyClass, "👍", then), (recorded.History, recorded.KeyClass, recorded.Text, recorded.OccurredAt));
        Assert.True(recorded.Id.Value.CompareTo(IdSource.Floor(Noon)) < 0);
        Assert.Empty(batch.Echoes);
    }

    [Theory]
    [InlineData(-60, -60)]
    [InlineData(3, 3)]
    [InlineData(86400, 0)]
    public void When_a_contact_went_out_of_reach_is_told_by_the_clock_that_dates_what_they_write_unless_it_is_far_ahead(int said, int kept)
    {
        var happened = new ChannelEvent { Kind = EventKinds.MembershipBlocked, Action = EventAction.MarkUnreachable, Timestamp = Noon.AddSeconds(said) };

        var batch = Sorted(happened, new ConversationId(new Guid("0197f000-0000-7000-8000-000000000005")));

        Assert.Equal(Noon.AddSeconds(kept), Assert.Single(batch.Reach).At);
    }

    [Theory]
    [InlineData(105L, 1)]
    [InlineData(null, 0)]
    public void An_update_that_cannot_be_read_has_come_all_the_same(long? number, int counted)
    {
        var sorting = new Sorting(
            new TenantId(new Guid("0197f000-0000-7000-8000-000000000001")), new AccountId(new Guid("0197f000-0000-7000-8000-000000000002")),
            new RoutingSnapshot(ChannelPolicy.Default, HasAgent: true, AgentAcceptsMedia: false, Noon), new IdSource(TimeProvider.System), _ => null, numberOf: _ => null);
        sorting.Park(new WebhookId(new Guid("0197f000-0000-7000-8000-000000000003")), Noon, new Normalised.Unreadable("no chat", number));

        Assert.Equal((1, counted), (sorting.ToBatch().Parked.Length, sorting.ToBatch().Counted.Length));
    }

    [Fact]
    public void A_vote_of_the_past_is_the_one_that_was_told_when_it_was_given()
    {
        var vote = Reaction with { Kind = EventKinds.HistoryMessage, Emoji = null, Options = ["Tue"] };

        Assert.Equal("vote", Assert.Single(Sorted(vote, new ConversationId(new Guid("0197f000-0000-7000-8000-000000000005"))).Messages).KeyClass);
    }

    [Fact]
    public void One_person_in_a_chat_of_a_groups_type_is_answered_and_has_their_name_for_it()
    {
        var said = new ChannelEvent
        {
            Kind = EventKinds.MessageText, Action = EventAction.Process, ChatId = "-1001", ChatType = "supergroup", Address = "-1001:direct=5", MessageId = "3B0", SenderName = "Mira", Text = "x",
        };
        var conversation = new ConversationId(new Guid("0197f000-0000-7000-8000-000000000005"));

        Assert.False(Assert.Single(Sorted(said, conversation).Messages).StartsTurn);
        Assert.Empty(Sorted(said, conversation).Contacts);
        Assert.True(Assert.Single(Sorted(said with { IsOneToOne = true }, conversation).Messages).StartsTurn);
        var contact = Assert.Single(Sorted(said with { IsOneToOne = true }, conversation).Contacts);
        Assert.Equal(("-1001:direct=5", "Mira"), (contact.Alias, contact.Name));
    }

    private static ChannelEvent Reaction => new() { Kind = EventKinds.MessageReaction, Action = EventAction.StoreOnly, MessageId = "3EB0", TargetMessageId = "3B0", Emoji = "👍" };

    private static ChannelEvent Receipt(string kind) => new() { Kind = kind, Action = EventAction.UpdateDelivery, MessageId = "3EB0", FromMe = true };

    private static ChannelEvent OfOneMember(ChannelEvent receipt) => receipt with { Details = receipt.Details.Add("participant_id", "351900000001@s.whatsapp.net") };

    private static ChannelEvent Deletion => new() { Kind = EventKinds.MessageDeleted, Action = EventAction.UpdateMessage, TargetMessageId = "3B0" };

    private static AccountBatch Sorted(ChannelEvent happened, ConversationId? conversation = null)
    {
        var sorting = new Sorting(
            new TenantId(new Guid("0197f000-0000-7000-8000-000000000001")), new AccountId(new Guid("0197f000-0000-7000-8000-000000000002")),
            new RoutingSnapshot(ChannelPolicy.Default, HasAgent: true, AgentAcceptsMedia: false, Noon), new IdSource(TimeProvider.System), _ => conversation);
        sorting.Add(new WebhookId(new Guid("0197f000-0000-7000-8000-000000000003")), Noon, [happened]);
        return sorting.ToBatch();
    }
}
