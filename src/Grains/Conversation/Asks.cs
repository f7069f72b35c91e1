using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Ids;

namespace Channels.Grains.Conversation;

/// <summary>When, and how often, this activation asked the agent about the turn at hand. For the message's timeline.</summary>
/// <remarks>In memory: writing it down before each question would cost every message a transaction. A question that a crash cut off is not counted; the agent gets the same turn id again.</remarks>
internal sealed class Asks(TimeProvider clock)
{
    private ImmutableArray<MessageId> _burst = [];
    private int _times;

    /// <summary>When the turn at hand was first asked about.</summary>
    public DateTimeOffset? Since { get; private set; }

    private MessageId? Turn => _burst is [var first, ..] ? first : null;

    /// <summary>The agent is asked now.</summary>
    /// <param name="burst">The messages it is asked about together, oldest first; the first names the turn.</param>
    public void Note(ImmutableArray<MessageId> burst)
    {
        (_times, Since) = Turn == burst[0] ? (_times + 1, Since) : (1, clock.GetUtcNow());
        _burst = burst;
    }

    /// <summary>The messages the agent was last asked about as this turn; none when this activation did not ask.</summary>
    public ImmutableArray<MessageId> About(MessageId turn) => Turn == turn ? _burst : [];

    /// <summary>The ending, with what is known of how it was asked about.</summary>
    public TurnFinish On(TurnFinish finish) => finish.Turn == Turn ? finish with { AskedAt = Since, Asks = _times } : finish;
}
