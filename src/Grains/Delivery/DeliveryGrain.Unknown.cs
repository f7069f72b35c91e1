using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Outbox;

namespace Channels.Grains.Delivery;

/// <content>Replies of unknown outcome: looked up again after a restart, and sent once more where the provider does not have them.</content>
internal sealed partial class DeliveryGrain
{
    private const int MostUnknown = 100;

    /// <summary>What has been unknown for longer is a person's to decide.</summary>
    private static readonly TimeSpan _lookedUpFor = TimeSpan.FromHours(1);

    /// <summary>Between two first look-ups after a restart: a gateway is not asked about everything at once.</summary>
    private static readonly TimeSpan _apart = TimeSpan.FromMilliseconds(100);

    private bool _lookUpsResumed;

    // Before anything is sent by this activation: what becomes unknown from then on is looked up by whoever sent it.
    private async Task ResumeLookUpsAsync(ChannelEntry channel, IConnector connector, CancellationToken cancellationToken)
    {
        if (_lookUpsResumed)
        {
            return;
        }

        var rows = await _outbox.LoadUnknownAsync(channel.Tenant, Account, _clock.GetUtcNow() - _lookedUpFor, MostUnknown, cancellationToken);
        _lookUpsResumed = true;
        foreach (var (index, row) in rows.Where(row => !row.IsUnreadable).Index())
        {
            _ = _settlements.LookUpAsync(channel, connector, row, later: index * _apart);
        }
    }

    // While the store decides whether a later reply of the conversation may have left, none of them starts.
    private async Task<bool> RepeatAsync(ChannelEntry channel, OutboxRow row)
    {
        var lane = LaneOf(row.Reply.Conversation);
        if (lane.Busy)
        {
            return false;
        }

        // Made by us it holds nothing of its conversation, whatever the table has.
        lane.HasMore |= _mustLoad || _loading;
        lane.UnderWay = row.Reply.Id;

        // Whose answer is lost may be queued again.
        var mayBeRepeated = true;
        try
        {
            mayBeRepeated = await _outbox.RepeatAsync(channel.Tenant, Account, row.Reply.Id, CancellationToken.None);
        }
        finally
        {
            lane.UnderWay = null;
            RemoveIfEmpty(row.Reply.Conversation, lane);
            if (mayBeRepeated)
            {
                // It is older than what is held: read in order again.
                Forget();
            }

            _pump.Signal();
        }

        return mayBeRepeated;
    }
}
