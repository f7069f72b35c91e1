using Channels.Api.Conversations;
using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Queries;
using Microsoft.Extensions.Hosting;

namespace Channels.Api.Channels;

/// <summary>Waits for the replies to a simulated message, for whoever tries the product by hand. Reads what everybody can read; nothing on the message path knows of it.</summary>
internal sealed class SimulatedReplies(ConversationQueries conversations, MessageQueries messages, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>What was sent after the message, oldest first; empty when the time is over, or the server stops.</summary>
    public async Task<IReadOnlyList<MessageAnswer>> AwaitAsync(
        TenantId tenant, AccountId account, string contact, string message, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            var replies = await FindAsync(tenant, account, contact, message, cancellationToken);
            if (replies.Count > 0 || clock.GetElapsedTime(started) >= patience || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return replies;
            }

            await Task.Delay(Look, clock, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<MessageAnswer>> FindAsync(TenantId tenant, AccountId account, string contact, string message, CancellationToken cancellationToken)
    {
        var found = await conversations.ListAsync(tenant, account, contact, new Page(1, 20), cancellationToken);
        if (found.Items.FirstOrDefault(conversation => conversation.ChatId == contact) is not { } conversation)
        {
            return [];
        }

        var newest = await messages.ListAsync(tenant, conversation.Id, new Page(1, 50), cancellationToken);
        return
        [
            .. newest.Items.SkipWhile(row => row.ProviderMessageId != message)
                .Where(row => row is { Outbound: true, Status: "sent" or "delivered" or "read" or "failed" or "unknown" })
                .Select(MessageAnswer.Of),
        ];
    }
}
