using Channels.Core.Agents;
using Channels.Core.Conversations;
using Channels.Core.Text;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Conversation;

/// <summary>Outcomes that do not come from an agent's own mouth. Pure.</summary>
internal static class Outcomes
{
    /// <summary>What a service said through the API.</summary>
    public static AgentOutcome Of(LateReply reply) => reply switch
    {
        { HandOver: true } => new AgentOutcome.HandOver(Scrub.CleanOrNull(reply.Text), "the agent asked for a person"),
        { Text: { } text } => new AgentOutcome.Reply(Scrub.Clean(text)) { Options = reply.Options },
        _ => new AgentOutcome.Silent("the agent chose not to answer"),
    };

    /// <summary>Whether the time is over that an answer was waited for: also when it ends later than any may, which a clock wrote that has been set back since.</summary>
    public static bool IsOver(DateTimeOffset? answerBy, DateTimeOffset now) => answerBy < now || answerBy - now > PendingTurn.FurthestAnswer;

    /// <summary>No answer came before the turn's time was over.</summary>
    public static AgentOutcome TooLate(DateTimeOffset limit) => new AgentOutcome.Failed("agent-too-late", $"no reply came before {limit:u} (reply_within_seconds)");

    /// <summary>The store does not take what the agent said, whoever says it how often.</summary>
    public static AgentOutcome NotKept(string sqlState) => new AgentOutcome.Failed("agent-answer-refused", $"the database refuses what the agent said ({sqlState})");

    /// <summary>
    /// What is left of an answer when a person took over meanwhile: nothing the contact reads, but the agent's wish for a person, and the word that an answer
    /// comes later: the turn is opened and ends as taken over, so that the answer is told.
    /// </summary>
    public static AgentOutcome Overtaken(AgentOutcome outcome, string reason) => outcome switch
    {
        AgentOutcome.HandOver handOver => handOver with { Text = null },
        AgentOutcome.Later => outcome,
        _ => new AgentOutcome.Silent(reason),
    };
}
