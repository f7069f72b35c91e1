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

    /// <summary>How long a turn of the channel's agent may stay open; null when its agent answers at once or not at all.</summary>
    public TimeSpan? ReplyWithin(ChannelEntry channel) => (agents.Find(channel.Agent.Kind) as IAnswersLater)?.ReplyWithin(channel.Agent);

    /// <summary>How long a message for the channel's agent waits for its file; zero when its agent wants none.</summary>
    public TimeSpan FileWait(ChannelEntry channel) => (agents.Find(channel.Agent.Kind) as IWaitsForFiles)?.FileWait(channel.Agent) ?? TimeSpan.Zero;

    /// <summary>What the agent said, or why it did not. Throws only when the grain goes or the store does not answer.</summary>
    public async Task<AgentOutcome> AskAsync(ChannelEntry channel, ConversationRef conversation, Burst burst, ConversationState state, CancellationToken cancellationToken)
    {
        if (agents.Find(channel.Agent.Kind) is not { } agent)
        {
            return new AgentOutcome.Failed("agent-unknown", $"this server knows no agent kind '{channel.Agent.Kind}'");
        }

        var length = agent.HistoryLength(channel.Agent);
        var history = length > 0 ? await store.HistoryAsync(conversation, burst.First.Message, length, cancellationToken) : ImmutableArray<AgentMessage>.Empty;

        // A file that came earlier in the burst would be lost in a joined text.
        var said = burst.Said;
        history = history.AddRange(said.SkipLast(1).Where(turn => turn.DetailsJson is not null).Select(turn => MessageOf(turn, turn.Text)));
        var turn = new AgentTurn(
            burst.First.Message.Value, channel.Tenant, conversation.Conversation, MessageOf(said[^1], TextOf(said, state)), history, state.Context, channel.Policy.Locale);
        return await AskAsync(agent, turn, channel.Agent, cancellationToken);
    }

    private static AgentMessage MessageOf(PendingTurn turn, string? text) => new("contact", turn.Kind, text, turn.OccurredAt, turn.SenderName, turn.DetailsJson, AgentFile.Of(turn.DetailsJson, turn.File));

    // A chosen number becomes what it stands for; the transcript keeps what was written.
    private static string? TextOf(ImmutableArray<PendingTurn> said, ConversationState state)
    {
        var texts = said.Select(turn => NumberedOptions.Resolve(turn.Text, state.Options) ?? turn.Text).ToList();
        return texts is [var only] ? only : texts.Any(text => !string.IsNullOrEmpty(text)) ? string.Join('\n', texts.Where(text => !string.IsNullOrEmpty(text))) : null;
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
                AgentOutcome.Reply reply => reply with { Text = Scrub.Clean(reply.Text) },
                AgentOutcome.HandOver handOver => handOver with { Text = Scrub.CleanOrNull(handOver.Text) },
                AgentOutcome.Later when agent is not IAnswersLater => new AgentOutcome.Failed("agent-error", "the agent cannot answer later"),
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
