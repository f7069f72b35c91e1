using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Grains.Conversation;
using Channels.Testing;

namespace Channels.Grains.Tests.Conversation;

public sealed class TurnEndingsTests
{
    private static readonly IdSource Ids = new(new ManualClock());
    private static readonly ConversationRef Where = new(new TenantId(Ids.Next()), new AccountId(Ids.Next()), new ConversationId(Ids.Next()));
    private static readonly AgentOutcome Failure = new AgentOutcome.Failed("agent-status", "The agent answered 500.");
    private readonly TurnEndings _endings = new(new NoKinds(), Ids);

    [Fact]
    public void A_reply_is_sent_and_needs_no_reason()
    {
        var finish = End(new AgentOutcome.Reply("hello"));

        Assert.Equal("hello", Assert.Single(finish.Replies).Text);
        Assert.Null(finish.Reason);
        Assert.Null(finish.HandOver);
        Assert.False(finish.AgentFailed);
    }

    [Theory]
    [InlineData(OnAgentFailure.Apologise, "sorry", false)]
    [InlineData(OnAgentFailure.Silent, null, false)]
    [InlineData(OnAgentFailure.HandOver, "one moment", true)]
    public void What_a_failure_comes_to_is_the_channels_policy_and_its_reason_always_shows(OnAgentFailure policy, string? text, bool handedOver)
    {
        var finish = End(Failure, new ChannelPolicy(false, null, TimeSpan.Zero, "en", "sorry") { OnAgentFailure = policy, HandoverText = "one moment" });

        Assert.Equal(text, finish.Replies.SingleOrDefault()?.Text);
        Assert.Contains("agent-status: The agent answered 500.", finish.Reason, StringComparison.Ordinal);
        Assert.True(finish.AgentFailed);
        Assert.Equal(handedOver, finish.HandOver is not null);
    }

    [Fact]
    public void Without_an_apology_of_its_own_a_channel_apologises_in_its_language() =>
        Assert.StartsWith("Entschuldigung", End(Failure, ChannelPolicy.Default with { Locale = "de-AT" }).Replies.Single().Text, StringComparison.Ordinal);

    [Fact]
    public void A_hand_over_without_a_text_sends_nothing()
    {
        var finish = End(new AgentOutcome.HandOver(null, "too hard"));

        Assert.Empty(finish.Replies);
        Assert.Equal("handed over: too hard", finish.Reason);
        Assert.Equal("too hard", finish.HandOver?.Reason);
    }

    [Fact]
    public void Choices_stand_until_they_are_chosen_from_or_replaced()
    {
        Assert.Equal(["A", "B"], End(new AgentOutcome.Reply("?") { Options = ["A", "B"] }).Options!.Value.ToArray());
        Assert.Null(End(new AgentOutcome.Reply("ok"), said: "is it cheap?", offered: ["A", "B"]).Options);
        Assert.Empty(End(new AgentOutcome.Reply("ok"), said: "2.", offered: ["A", "B"]).Options!.Value);
        Assert.Null(End(Failure, said: "2.", offered: ["A", "B"]).Options);
        Assert.Empty(End(new AgentOutcome.HandOver(null, "too hard"), offered: ["A", "B"]).Options!.Value);
    }

    [Fact]
    public void All_messages_of_a_burst_end_with_it()
    {
        var burst = new Burst([Turn("one"), Turn("two")], default);

        var finish = _endings.Of(Channel(ChannelPolicy.Default), Where, State([]), burst, new AgentOutcome.Silent("why"));

        Assert.Equal(burst.Turns.Select(turn => turn.Message), finish.Turns);
        Assert.Equal("why", finish.Reason);
    }

    [Fact]
    public void A_turn_that_is_answered_later_has_not_ended() => Assert.Throws<ArgumentException>(() => End(new AgentOutcome.Later()));

    private TurnFinish End(AgentOutcome outcome, ChannelPolicy? policy = null, string said = "hola", ImmutableArray<string>? offered = null) =>
        _endings.Of(Channel(policy ?? ChannelPolicy.Default), Where, State(offered ?? []), new Burst([Turn(said)], default), outcome);

    private static ConversationState State(ImmutableArray<string> options) => new("549", "Ana", null, null, [], options);

    private static PendingTurn Turn(string text) => new(new MessageId(Ids.Next()), "message.text", text, "Ana", DateTimeOffset.UnixEpoch, null, "p");

    private static ChannelEntry Channel(ChannelPolicy policy) => new(
        Where.Tenant, new ConnectorId(Ids.Next()), Where.Account, "none-such", ConnectorStatus.Active, AccountStatus.Active, null,
        new Connection(Where.Tenant, Where.Account, "id", JsonElement.Parse("{}"), "secret", new Uri("http://127.0.0.1")), AgentSettings.None, policy, TenantSuspended: false);

    private sealed class NoKinds : IConnectorCatalog
    {
        public IReadOnlyCollection<IConnector> All => [];

        public IConnector? Find(string kind) => null;
    }
}
