using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Grains.Conversation;

namespace Channels.Grains.Tests.Conversation;

public sealed class SilenceTests
{
    private static readonly Guid _id = new("00000000-0000-7000-8000-000000000001");
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Nothing_keeps_an_agent_from_answering_somebody_who_can_be_written_to() => Assert.Null(Why());

    [Fact]
    public void An_agent_keeps_silent_while_a_person_answers()
    {
        Assert.Equal("a person answers this conversation", Why(pausedUntil: Noon.AddSeconds(1)));
        Assert.Null(Why(pausedUntil: Noon));
    }

    [Fact]
    public void An_agent_is_not_asked_for_somebody_who_is_out_of_reach() =>
        Assert.Equal("no answer can be delivered: the contact has blocked this account (since 2026-11-01T12:00:00Z)", Why(outOfReach: Noon));

    [Fact]
    public void Who_has_written_since_is_within_reach_again() => Assert.Null(Why(outOfReach: Noon.AddSeconds(-1)));

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    public void What_waited_until_it_was_older_than_its_channel_wants_is_not_asked(int seconds, bool isAsked) =>
        Assert.Equal(isAsked ? null : "older than the channel's answer_max_age", OfAge(Said(seconds)));

    [Fact]
    public void The_youngest_of_several_messages_says_how_old_they_are() => Assert.Null(OfAge(Said(90), Said(59)));

    [Fact]
    public void What_waited_by_its_owners_wish_is_no_older_for_it()
    {
        var policy = ChannelPolicy.Default with { AnswerMaxAge = TimeSpan.FromSeconds(60), Debounce = TimeSpan.FromSeconds(5) };

        Assert.Null(Silence.OfAge(policy, TimeSpan.FromSeconds(30), Burst.Of([Said(105)], TimeSpan.Zero), Noon));
        Assert.NotNull(Silence.OfAge(policy, TimeSpan.FromSeconds(30), Burst.Of([Said(106)], TimeSpan.Zero), Noon));
    }

    [Fact]
    public void Whoever_was_asked_in_time_has_the_time_it_was_given() => Assert.Null(OfAge(Said(3600) with { AnswerBy = Noon.AddHours(1) }));

    [Fact]
    public void Without_a_most_nothing_is_too_old() => Assert.Null(Silence.OfAge(ChannelPolicy.Default, TimeSpan.Zero, Burst.Of([Said(604_800)], TimeSpan.Zero), Noon));

    [Fact]
    public void What_its_sender_took_back_is_not_answered_and_the_rest_of_a_burst_is()
    {
        var (gone, left) = (Said(1) with { Deleted = true, Text = null }, Said(0));

        Assert.Equal("deleted by its sender", Why(said: [gone]));
        Assert.Null(Why(said: [gone, left]));
        Assert.Equal(left, Assert.Single(new Burst([gone, left], DateTimeOffset.MinValue).Said));
        Assert.Equal(gone, Assert.Single(new Burst([gone], DateTimeOffset.MinValue).Said));
    }

    private static string? OfAge(params PendingTurn[] said) =>
        Silence.OfAge(ChannelPolicy.Default with { AnswerMaxAge = TimeSpan.FromSeconds(60) }, TimeSpan.Zero, new Burst([.. said], DateTimeOffset.MinValue), Noon);

    private static PendingTurn Said(int secondsAgo) => new(new MessageId(_id), "message.text", "hello", null, Noon.AddSeconds(-secondsAgo), null, "1");

    private static string? Why(DateTimeOffset? pausedUntil = null, DateTimeOffset? outOfReach = null, ImmutableArray<PendingTurn>? said = null)
    {
        var (tenant, account) = (new TenantId(_id), new AccountId(_id));
        var channel = new ChannelEntry(
            tenant, new ConnectorId(_id), account, "fake", ConnectorStatus.Active, AccountStatus.Active, null,
            new Connection(tenant, account, "a", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/")), new AgentSettings("echo", default), ChannelPolicy.Default, false);
        return Silence.Why(channel, pausedUntil, outOfReach is { } since ? new OutOfReach(since, "the contact has blocked this account") : null, new Burst(said ?? [Said(0)], DateTimeOffset.MinValue), Noon);
    }
}
