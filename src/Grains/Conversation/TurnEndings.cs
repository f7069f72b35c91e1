using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Text;

namespace Channels.Grains.Conversation;

/// <summary>What an agent's outcome comes to on a channel: what is sent, what is written down, who answers from now on. Pure but for new ids.</summary>
internal sealed class TurnEndings(IConnectorCatalog connectors, IdSource ids)
{
    /// <summary>The turn's ending.</summary>
    /// <param name="channel">Whose policy decides about failures, and whose kind about the length of texts.</param>
    /// <param name="where">Which conversation.</param>
    /// <param name="state">As it is.</param>
    /// <param name="burst">What was answered.</param>
    /// <param name="outcome">By what; not <see cref="AgentOutcome.Later"/>, which ends nothing.</param>
    public TurnFinish Of(ChannelEntry channel, ConversationRef where, ConversationState state, Burst burst, AgentOutcome outcome)
    {
        var silent = new TurnFinish(where, [.. burst.Turns.Select(turn => turn.Message)], [], Reason: null, AgentFailed: false);
        return outcome switch
        {
            AgentOutcome.Reply reply => silent with
            {
                Replies = Replies(channel, where, state, NumberedOptions.Append(reply.Text, reply.Options)),
                Options = Offer(state, burst, reply),
            },
            AgentOutcome.HandOver handOver => HandedOver(silent, channel, state, handOver.Text, handOver.Reason),
            AgentOutcome.Failed failed => Failed(silent with { AgentFailed = true, Reason = $"{failed.Code}: {failed.Reason}" }, channel, state),
            AgentOutcome.Silent why => silent with { Reason = why.Reason },
            _ => throw new ArgumentException($"A turn cannot end with {outcome.GetType().Name}.", nameof(outcome)),
        };
    }

    /// <summary>The same when the conversation's own turn comes to it: whoever was to answer later is late, or overtaken.</summary>
    public TurnFinish InTurn(ChannelEntry channel, ConversationRef where, ConversationState state, Burst burst, AgentOutcome outcome)
    {
        var finish = Of(channel, where, state, burst, outcome);
        return burst.First.AnswerBy is { } limit
            ? finish with { Late = new LateEnding(outcome is AgentOutcome.Failed ? LateTurnState.Expired : LateTurnState.Overtaken, limit, AnswerHash: null) }
            : finish;
    }

    private TurnFinish Failed(TurnFinish failure, ChannelEntry channel, ConversationState state) => channel.Policy.OnAgentFailure switch
    {
        OnAgentFailure.Silent => failure,
        OnAgentFailure.HandOver => HandedOver(failure, channel, state, channel.Policy.HandoverText, failure.Reason!),
        _ => failure with { Replies = Replies(channel, failure.Conversation, state, channel.Policy.Apology ?? Apology.In(channel.Policy.Locale)) },
    };

    // Whoever takes over has the choices in the history; an agent that comes back offers its own.
    private TurnFinish HandedOver(TurnFinish finish, ChannelEntry channel, ConversationState state, string? text, string reason) => finish with
    {
        Replies = Replies(channel, finish.Conversation, state, text),
        Reason = $"handed over: {reason}",
        HandOver = new HandedOver(ids.Next(), reason),
        Options = state.Options.IsEmpty ? null : ImmutableArray<string>.Empty,
    };

    // What was offered stands until it is chosen from or replaced: a question in between does not make "2" a riddle.
    private static ImmutableArray<string>? Offer(ConversationState state, Burst burst, AgentOutcome.Reply reply) =>
        !reply.Options.IsEmpty ? reply.Options
        : burst.Turns.Any(turn => NumberedOptions.Resolve(turn.Text, state.Options) is not null) ? ImmutableArray<string>.Empty
        : null;

    private ImmutableArray<QueuedReply> Replies(ChannelEntry channel, ConversationRef where, ConversationState state, string? text)
    {
        var longest = connectors.Find(channel.Kind)?.Manifest.Limits.TextLength ?? int.MaxValue;
        return [.. TextParts.Split(text ?? "", longest).Select(part => new QueuedReply(new MessageId(ids.Next()), where.Conversation, state.ChatId, part, ReplyTo: null))];
    }
}
