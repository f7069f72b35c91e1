using System.Collections.Immutable;
using Channels.Core;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Text;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Conversation;

/// <summary>Asks a channel's agent to answer one turn, within the limit, whatever the agent does.</summary>
internal sealed class TurnAnswering(IAgentCatalog agents, IConversationStore store, TimeProvider clock, ILogger<TurnAnswering> logger)
{
    /// <summary>Contacts wait no longer than this for an answer or an apology. Below the 30 s after which a grain call gives up.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    /// <summary>What the agent said, or why it did not. Throws only when the grain goes or the store does not answer.</summary>
    public async Task<AgentOutcome> AskAsync(ChannelEntry channel, ConversationRef conversation, PendingTurn turn, string? context, CancellationToken cancellationToken)
    {
        if (agents.Find(channel.Agent.Kind) is not { } agent)
        {
            return new AgentOutcome.Failed("agent-unknown", $"this server knows no agent kind '{channel.Agent.Kind}'");
        }

        var length = agent.HistoryLength(channel.Agent);
        var history = length > 0 ? await store.HistoryAsync(conversation, turn.Message, length, cancellationToken) : ImmutableArray<AgentMessage>.Empty;
        var message = new AgentMessage("contact", turn.Kind, turn.Text, turn.OccurredAt, turn.SenderName, turn.DetailsJson);
        var asked = new AgentTurn(turn.Message.Value, channel.Tenant, conversation.Conversation, message, history, context, channel.Policy.Locale);
        return await AskAsync(agent, asked, channel.Agent, cancellationToken);
    }

    private async Task<AgentOutcome> AskAsync(IAgent agent, AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // Also an agent that does not heed its token is given up on.
            return await agent.AnswerAsync(turn, settings, either.Token).WaitAsync(either.Token) switch
            {
                AgentOutcome.Reply { Text: var text } when string.IsNullOrWhiteSpace(text) => new AgentOutcome.Silent("the agent gave an empty answer"),
                AgentOutcome.Reply reply => new AgentOutcome.Reply(Scrub.Clean(reply.Text)),
                var other => other,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AgentOutcome.Failed("agent-timeout", $"no answer within {Limit.TotalSeconds:0} seconds");
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or StoreUnavailableException))
        {
            ConversationLog.AgentThrew(logger, agent.Kind, failure.GetType().Name, failure.StackTrace);
            return new AgentOutcome.Failed("agent-error", $"the agent failed ({failure.GetType().Name})");
        }
    }
}
