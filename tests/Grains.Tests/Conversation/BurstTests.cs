using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Grains.Conversation;

namespace Channels.Grains.Tests.Conversation;

public sealed class BurstTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

    [Fact]
    public void Without_a_wait_each_message_is_taken_by_itself_at_once()
    {
        var burst = Burst.Of([At(0), At(0.1)], TimeSpan.Zero);

        Assert.Equal([At(0)], burst.Turns.ToArray());
        Assert.Null(burst.WaitAt(Start, TimeSpan.Zero));
    }

    [Fact]
    public void Messages_that_follow_one_another_within_the_wait_belong_together()
    {
        var burst = Burst.Of([At(0), At(1.5), At(3), At(5.5)], Wait);

        Assert.Equal([At(0), At(1.5), At(3)], burst.Turns.ToArray());
        Assert.Null(burst.WaitAt(Start.AddSeconds(3), Wait));
    }

    [Fact]
    public void Each_message_starts_the_wait_anew_up_to_three_waits_in_all()
    {
        Assert.Equal(TimeSpan.FromSeconds(2), Burst.Of([At(0)], Wait).WaitAt(Start, Wait));
        Assert.Equal(TimeSpan.FromSeconds(2), Burst.Of([At(0), At(1)], Wait).WaitAt(Start.AddSeconds(1), Wait));
        Assert.Equal(TimeSpan.FromSeconds(1), Burst.Of([At(0), At(1.5), At(3), At(4.5), At(5)], Wait).WaitAt(Start.AddSeconds(5), Wait));
        Assert.Equal([At(0), At(1.5), At(3), At(4.5), At(6)], Burst.Of([At(0), At(1.5), At(3), At(4.5), At(6), At(6.5)], Wait).Turns.ToArray());
    }

    [Fact]
    public void What_brings_too_much_besides_its_words_is_no_part_of_a_burst()
    {
        var (first, second) = (At(0) with { DetailsJson = new string('a', 100_000) }, At(1) with { DetailsJson = new string('a', 40_000) });

        Assert.Equal([first], Burst.Of([first, second], Wait).Turns.ToArray());
        Assert.Equal([first, At(1)], Burst.Of([first, At(1), second], Wait).Turns.ToArray());
    }

    [Fact]
    public void When_the_wait_is_over_the_burst_is_answered()
    {
        var burst = Burst.Of([At(0), At(1)], Wait);

        Assert.NotNull(burst.WaitAt(Start.AddSeconds(2.9), Wait));
        Assert.Null(burst.WaitAt(Start.AddSeconds(3), Wait));
    }

    [Fact]
    public void A_clock_that_was_set_back_keeps_nobody_waiting() => Assert.Null(Burst.Of([At(0)], Wait).WaitAt(Start.AddHours(-1), Wait));

    [Fact]
    public void The_latest_wait_for_a_file_counts_until_it_is_over()
    {
        var burst = Burst.Of([At(0) with { File = new PendingFile(Start.AddSeconds(30), null) }, At(1) with { File = new PendingFile(Start.AddSeconds(31), "busy") }], Wait);

        Assert.Equal(TimeSpan.FromSeconds(21), burst.FileWaitAt(Start.AddSeconds(10), TimeSpan.FromSeconds(30)));
        Assert.Null(burst.FileWaitAt(Start.AddSeconds(31), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Nobody_waits_for_a_file_that_no_agent_wants_or_on_the_word_of_a_clock_that_was_set_back()
    {
        var burst = Burst.Of([At(0) with { File = new PendingFile(Start.AddSeconds(30), null) }], Wait);

        Assert.Null(burst.FileWaitAt(Start, TimeSpan.Zero));
        Assert.Null(burst.FileWaitAt(Start.AddHours(-1), TimeSpan.FromSeconds(30)));
        Assert.Null(Burst.Of([At(0) with { File = new PendingFile(null, null) }], Wait).FileWaitAt(Start, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void What_another_person_says_is_another_burst() =>
        Assert.Equal([At(0)], Burst.Of([At(0), At(0.5) with { SenderName = "Ben" }], Wait).Turns.ToArray());

    [Fact]
    public void A_long_text_is_no_burst()
    {
        var burst = Burst.Of([At(0), At(0.5) with { Text = new string('x', 20_000) }], Wait);

        Assert.Single(burst.Turns);
        Assert.Null(burst.WaitAt(Start, Wait));
    }

    [Fact]
    public void What_a_service_has_together_is_not_parted_by_a_message_that_became_visible_late()
    {
        var limit = Start.AddMinutes(5);
        PendingTurn[] waiting = [At(0) with { AnswerBy = limit }, At(0.5), At(1) with { AnswerBy = limit }];

        Assert.Equal([waiting[0], waiting[2]], Burst.Of(waiting, Wait).Turns.ToArray());
        Assert.Equal([waiting[1]], Burst.Of([waiting[1]], Wait).Turns.ToArray());
    }

    [Fact]
    public void What_a_service_has_together_stays_together_whatever_the_wait_is_by_now_and_nothing_joins_it()
    {
        var limit = Start.AddMinutes(5);
        PendingTurn[] waiting = [At(0) with { AnswerBy = limit }, At(1) with { AnswerBy = limit }, At(1.5)];

        Assert.Equal(waiting[..2], Burst.Of(waiting, TimeSpan.Zero).Turns.ToArray());
        Assert.Equal(waiting[..2], Burst.Of(waiting, Wait).Turns.ToArray());
    }

    private static PendingTurn At(double seconds) =>
        new(new MessageId(IdSource.Floor(Start.AddSeconds(seconds))), "message.text", "text", "Ana", Start, null, "p");
}
