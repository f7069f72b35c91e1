namespace Channels.Proof.Ledgers;

/// <summary>A proof that cannot fail proves nothing: each kind of damage, made by hand, is found and named.</summary>
public sealed class ComparisonTests
{
    private readonly Writer _writer = new("5491161000001", null!, null, (_, _) => throw new NotSupportedException("Nobody writes here."));

    [Fact]
    public void Three_ledgers_that_agree_have_nothing_to_complain_about()
    {
        var tally = Compare(Stored("a", "b"), Replies("a", "b"), "a", "b");

        Assert.True(tally.Holds, $"{tally}");
        Assert.Equal((2, 2, 2), (tally.Acknowledged, tally.Stored, tally.Delivered));
    }

    [Fact]
    public void What_was_acknowledged_and_is_not_stored_is_lost() =>
        Assert.StartsWith("b", Assert.Single(Compare(Stored("a"), Replies("a", "b"), "a", "b").Lost), StringComparison.Ordinal);

    [Fact]
    public void A_reply_that_the_provider_does_not_have_is_lost_whatever_the_transcript_says() =>
        Assert.StartsWith("b", Assert.Single(Compare(Stored("a", "b"), Replies("a", "b"), "a").Lost), StringComparison.Ordinal);

    [Fact]
    public void A_reply_of_unknown_outcome_that_did_not_arrive_is_open_and_not_lost()
    {
        var tally = Compare(Stored("a"), [Reply("a", "unknown")]);

        Assert.Empty(tally.Lost);
        Assert.Single(tally.Open);
    }

    [Fact]
    public void What_is_stored_twice_or_sent_twice_is_doubled()
    {
        Assert.Single(Compare(Stored("a", "a", "b"), Replies("a", "b"), "a", "b").DoubledUnmarked);
        Assert.Single(Compare(Stored("a", "b"), Replies("a", "b"), "a", "a", "b").DoubledUnmarked);
    }

    [Fact]
    public void A_double_that_says_so_is_told_apart()
    {
        var tally = Compare(Stored("a", "b"), [Reply("a", "sent", marked: true), Reply("b", "sent")], "a", "a", "b");

        Assert.True(tally.Holds, $"{tally}");
        Assert.Single(tally.DoubledMarked);
    }

    [Fact]
    public void What_comes_behind_its_successor_is_out_of_order()
    {
        Assert.Single(Compare(Stored("b", "a"), Replies("a", "b"), "a", "b").OutOfOrder);
        Assert.Single(Compare(Stored("a", "b"), Replies("a", "b"), "b", "a").OutOfOrder);
    }

    [Fact]
    public void What_nobody_wrote_or_nobody_was_to_say_is_wrong()
    {
        Assert.NotEmpty(Compare(Stored("a", "b", "stranger"), Replies("a", "b"), "a", "b").Wrong);
        Assert.NotEmpty(Compare(Stored("a", "b"), Replies("a", "b"), "a", "b", "stranger").Wrong);
        Assert.NotEmpty(Compare(Stored("a", "b"), [.. Replies("a", "b"), Reply("b", "sent")], "a", "b").Wrong);
        Assert.NotEmpty(Compare([.. Stored("a", "b"), new Message(Guid.Empty, "out", "human", "text", "b", "sent", null, null, false)], Replies("a", "b"), "a", "b").Wrong);
    }

    [Fact]
    public void Where_nobody_is_to_answer_what_is_stored_is_compared_all_the_same_and_an_answer_is_wrong()
    {
        Assert.True(CompareRecorded(Stored("a", "b")).Holds);
        Assert.Single(CompareRecorded(Stored("a")).Lost);
        Assert.Single(CompareRecorded(Stored("a", "a", "b")).DoubledUnmarked);
        Assert.Single(CompareRecorded(Stored("b", "a")).OutOfOrder);
        Assert.Single(CompareRecorded([.. Stored("a", "b"), Reply("a", "queued")]).Wrong);
    }

    // "a" and "b" got their 200.
    private Tally CompareRecorded(IReadOnlyList<Message> messages)
    {
        _writer.Acknowledged.Enqueue("a");
        _writer.Acknowledged.Enqueue("b");
        var tally = Comparison.Of(_writer, messages, [], recordsOnly: true);
        _writer.Acknowledged.Clear();
        return tally;
    }

    // "a" and, unless only "a" is spoken of, "b" got their 200.
    private Tally Compare(IReadOnlyList<Message> stored, IReadOnlyList<Message> replies, params string[] sent)
    {
        foreach (var text in replies.Select(reply => reply.Text!).Distinct())
        {
            _writer.Acknowledged.Enqueue(text);
        }

        var tally = Comparison.Of(_writer, [.. stored, .. replies], sent);
        _writer.Acknowledged.Clear();
        return tally;
    }

    private static List<Message> Stored(params string[] texts) => [.. texts.Select(text => new Message(Guid.Empty, "in", "contact", "text", text, "received", null, null, false))];

    private static List<Message> Replies(params string[] texts) => [.. texts.Select(text => Reply(text, "sent"))];

    private static Message Reply(string text, string status, bool marked = false) => new(Guid.Empty, "out", "agent", "text", text, status, null, null, marked);
}
