using Channels.Core.Conversations;
using Channels.Core.Ids;

namespace Channels.Grains.Conversation;

/// <summary>When, and how often, this activation asked the agent about the turn at hand. For the message's timeline.</summary>
/// <remarks>In memory: writing it down before each question would cost every message a transaction. A question that a crash cut off is not counted; the agent gets the same turn id again.</remarks>
internal sealed class Asks(TimeProvider clock)
{
    private MessageId? _turn;
    private int _times;

    /// <summary>When the turn at hand was first asked about.</summary>
    public DateTimeOffset? Since { get; private set; }

    /// <summary>The agent is asked now.</summary>
    public void Note(MessageId turn)
    {
        (_times, Since) = _turn == turn ? (_times + 1, Since) : (1, clock.GetUtcNow());
        _turn = turn;
    }

    /// <summary>The ending, with what is known of how it was asked about.</summary>
    public TurnFinish On(TurnFinish finish) => finish.Turn == _turn ? finish with { AskedAt = Since, Asks = _times } : finish;
}
