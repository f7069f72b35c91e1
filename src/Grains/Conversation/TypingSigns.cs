using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Conversation;

/// <summary>Shows one conversation's contact that somebody is typing while the agent takes its time. Nothing waits for it and nothing fails with it.</summary>
internal sealed class TypingSigns(IConnectorCatalog connectors, TimeProvider clock, ILogger logger)
{
    /// <summary>An agent that answers sooner needs no sign.</summary>
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(5);

    // A gateway may answer only when the sign is over.
    private static readonly TimeSpan Patience = Length + TimeSpan.FromSeconds(2);

    private Task _showing = Task.CompletedTask;

    /// <summary>Shows it from a second on until disposed, on channels that want it and can. One sign at a time: while an earlier one has not ended there is no other.</summary>
    /// <param name="channel">On which channel.</param>
    /// <param name="conversation">Where.</param>
    /// <param name="chatId">To whom.</param>
    /// <param name="messageId">The provider's id of the message that is being answered.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public IDisposable? Begin(ChannelEntry channel, ConversationRef conversation, string chatId, string messageId, CancellationToken cancellationToken)
    {
        if (!channel.Policy.Typing || !channel.MaySend || !_showing.IsCompleted || ShowerOf(connectors.Find(channel.Kind), channel.Connection, chatId, messageId) is not { } show)
        {
            return null;
        }

        var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _showing = ShowAsync(show, conversation, ending.Token);
        return new Sign(ending);
    }

    private static Func<CancellationToken, Task>? ShowerOf(IConnector? connector, Connection connection, string chatId, string messageId) => connector switch
    {
        ITypingConnector typing => token => typing.ShowTypingAsync(connection, chatId, Length, token),
        IReplyTypingConnector replying => token => replying.ShowTypingAsync(connection, messageId, token),
        _ => null,
    };

    private async Task ShowAsync(Func<CancellationToken, Task> showAsync, ConversationRef conversation, CancellationToken ending)
    {
        try
        {
            await Task.Delay(Delay, clock, ending);
            while (true)
            {
                var started = clock.GetTimestamp();
                using (var limit = new CancellationTokenSource(Patience, clock))
                using (var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ending))
                {
                    await showAsync(either.Token).WaitAsync(either.Token);
                }

                // Also a provider that answers at once shows it for as long.
                if (Length - clock.GetElapsedTime(started) is { Ticks: > 0 } rest)
                {
                    await Task.Delay(rest, clock, ending);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The agent is done, or the provider is too slow for a courtesy.
        }
        catch (Exception failure)
        {
            ConversationLog.TypingFailed(logger, conversation.Conversation, failure.GetType().Name);
        }
    }

    private sealed class Sign(CancellationTokenSource ending) : IDisposable
    {
        public void Dispose()
        {
            ending.Cancel();
            ending.Dispose();
        }
    }
}
