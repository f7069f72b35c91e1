namespace Channels.Proof.Ledgers;

/// <summary>What counts as asking an agent twice.</summary>
public sealed class AskedTests
{
    private static readonly Guid One = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Two = new("00000000-0000-0000-0000-000000000002");

    [Fact]
    public void A_message_each_is_as_it_should_be()
    {
        var asked = Asked.Of([Call(One, One, "a"), Call(One, Two, "b")], deaths: 0);

        Assert.Equal((2, 0), (asked.Messages, asked.CutOff));
        Assert.Empty(asked.Complaints);
    }

    [Fact]
    public void A_call_that_a_death_cut_off_is_counted_apart_and_where_nobody_died_it_is_wrong()
    {
        AgentCall[] calls = [Call(One, One, "a"), Call(One, One, "a"), Call(Two, Two, "b"), Call(Two, Two, "b")];

        Assert.Equal(2, Asked.Of(calls, deaths: 1).CutOff);
        Assert.Empty(Asked.Of(calls, deaths: 1).Complaints);
        Assert.Equal(2, Asked.Of(calls, deaths: 0).Complaints.Count);
    }

    [Fact]
    public void A_death_cuts_off_one_call_of_a_conversation()
    {
        Assert.Single(Asked.Of([Call(One, One, "a"), Call(One, One, "a"), Call(One, Two, "b"), Call(One, Two, "b")], deaths: 1).Complaints);
        Assert.Single(Asked.Of([Call(One, One, "a"), Call(One, One, "a"), Call(One, One, "a")], deaths: 1).Complaints);
    }

    [Fact]
    public void A_second_turn_for_a_message_is_wrong_whoever_died() => Assert.Single(Asked.Of([Call(One, One, "a"), Call(One, Two, "a")], deaths: 1).Complaints);

    private static AgentCall Call(Guid conversation, Guid turn, string text) => new(turn, conversation, text, 0, [], "");
}
