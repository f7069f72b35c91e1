using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Grains.Abstractions;
using Orleans;

namespace Channels.Grains.Account;

/// <content>Tells others of what is recorded. All of it is in the tables already: a call that fails costs time, nothing else.</content>
internal sealed partial class AccountGrain
{
    // The turns are committed; a hand-over that fails is made good by the sweep, and the conversation reads the table next time.
    private async Task HandOverAsync(ChannelEntry channel, List<RecordedMessage> messages)
    {
        var handOvers = messages.GroupBy(message => message.Conversation).Select(group =>
        {
            var turns = group.Select(message => new PendingTurn(
                message.Id, message.Kind, message.Text, message.SenderName, message.OccurredAt, message.DetailsJson, message.ProviderMessageId,
                File: message.Fetch is null ? null : new PendingFile(message.TurnWaitsUntil, Trouble: null)));

            // A file may be here by now: only the table knows what its turn still waits for.
            return HandOverAsync(new ConversationRef(channel.Tenant, Account, group.Key), [.. turns], mayBeOutdated: group.Any(message => message.TurnWaitsUntil is not null));
        });
        await Task.WhenAll(handOvers);
    }

    private async Task HandOverAsync(ConversationRef conversation, ImmutableArray<PendingTurn> turns, bool mayBeOutdated)
    {
        try
        {
            if (_inStep.Count >= MostInStep)
            {
                _inStep.Clear();
            }

            var complete = !_inStep.Add(conversation.Conversation) && !mayBeOutdated;
            await GrainFactory.GetGrain<IConversationGrain>(conversation.Conversation.Value).EnqueueAsync(conversation, turns, complete);
        }
        catch (Exception failure)
        {
            _inStep.Remove(conversation.Conversation);
            AccountLog.HandOverFailed(_logger, conversation.Conversation, failure.GetType().Name);
        }
    }

    private async Task TakeOverAsync(ChannelEntry channel, IEnumerable<ConversationId> conversations)
    {
        foreach (var conversation in conversations.Distinct())
        {
            try
            {
                var where = new ConversationRef(channel.Tenant, Account, conversation);
                await GrainFactory.GetGrain<IConversationGrain>(conversation.Value).TakeOverAsync(where, _clock.GetUtcNow() + channel.Policy.TakeoverPause);
            }
            catch (Exception failure)
            {
                // The pause is in its row, where it looks before its next turn.
                _inStep.Remove(conversation);
                AccountLog.HandOverFailed(_logger, conversation, failure.GetType().Name);
            }
        }
    }

    // Only a hint: the sweep finds what a lost one leaves.
    private async Task TellOfFilesAsync(RecordedWebhooks recorded)
    {
        if (!recorded.HasFiles)
        {
            return;
        }

        try
        {
            await GrainFactory.GetGrain<IMediaGrain>(this.GetPrimaryKey()).WakeAsync();
        }
        catch (Exception failure)
        {
            AccountLog.FilesNotTold(_logger, Account, failure.GetType().Name);
        }
    }

    // After their conversations: what these queue from now on goes to where the chat went. What waits for its next try is in delivery's memory with the former address.
    private async Task TellOfMovesAsync(HashSet<ConversationId> outdated)
    {
        if (outdated.Count == 0)
        {
            return;
        }

        try
        {
            await GrainFactory.GetGrain<IDeliveryGrain>(this.GetPrimaryKey()).WakeAsync();
        }
        catch (Exception failure)
        {
            AccountLog.MoveNotTold(_logger, Account, failure.GetType().Name);
        }
    }

    private async Task TellOfEffectsAsync(ChannelEntry channel, RecordedWebhooks recorded)
    {
        // Those with turns to answer have just been told to look into their tables, where they find whether they are paused and can be reached.
        await LookAgainAsync(channel, recorded.Changed.Except(recorded.Turns.Select(turn => turn.Conversation)));
        if (!recorded.IsThrottled && !recorded.IsTrouble)
        {
            return;
        }

        try
        {
            if (recorded.IsThrottled)
            {
                await SettingsChangedAsync();
            }

            if (recorded.IsTrouble)
            {
                await GrainFactory.GetGrain<IIntakeGrain>(this.GetPrimaryKey()).LookSoonAsync(channel.Tenant);
            }
        }
        catch (Exception failure)
        {
            // Delivery's own copy of the channel is read again within half a minute, and how the account stands is asked within the hour.
            AccountLog.TroubleNotTold(_logger, Account, failure.GetType().Name);
        }
    }

    /// <summary>What a pass has recorded, and conversations are to hear of.</summary>
    private sealed class RecordedWebhooks
    {
        /// <summary>Those that took in another, or whose chat has another address by now.</summary>
        public HashSet<ConversationId> Moved { get; } = [];

        public List<ConversationId> Takeovers { get; } = [];

        public List<RecordedMessage> Turns { get; } = [];

        public bool HasFiles { get; set; }

        /// <summary>Given back to the agent, or out of reach, or within reach again; or with unanswered messages that say something else than they did.</summary>
        public HashSet<ConversationId> Changed { get; } = [];

        public bool IsThrottled { get; set; }

        /// <summary>The provider had bad news of an account that can be asked about.</summary>
        public bool IsTrouble { get; set; }
    }

    private async Task LookAgainAsync(ChannelEntry channel, IEnumerable<ConversationId> conversations)
    {
        foreach (var conversation in conversations)
        {
            try
            {
                await GrainFactory.GetGrain<IConversationGrain>(conversation.Value).EnqueueAsync(new ConversationRef(channel.Tenant, Account, conversation), [], complete: false);
            }
            catch (Exception failure)
            {
                // It looks before its next turn.
                _inStep.Remove(conversation);
                AccountLog.HandOverFailed(_logger, conversation, failure.GetType().Name);
            }
        }
    }
}
