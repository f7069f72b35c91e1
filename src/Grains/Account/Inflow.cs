using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Inbox;

namespace Channels.Grains.Account;

/// <summary>The account's next webhooks: from memory while it is certain that there are no others, else from the table.</summary>
/// <remarks>
/// Certain is: the table was read to its end, everything committed since was kept, and nothing went wrong with what was taken up. The sweep looks every few seconds
/// for rows in the table and wakes us, which is a doubt as well: so nothing that memory missed waits longer than that.
/// </remarks>
internal sealed class Inflow(IAccountInbox inbox, IArrivals arrivals)
{
    /// <summary>Bytes that a read of the table gives at the most, but for its first row.</summary>
    private const long MostBytes = 1 << 20;

    // Of the last two reads: what was committed while one ran comes a second time, from memory, perhaps only while the next one runs.
    private HashSet<WebhookId> _read = [];
    private HashSet<WebhookId> _readBefore = [];
    private bool _mustRead = true;

    /// <summary>There may be rows in the table that memory does not know of.</summary>
    public void Doubt(AccountId account)
    {
        _mustRead = true;
        arrivals.Leave(account);
    }

    /// <summary>The next rows in id order, and whether there may be more right now. Whatever comes later leaves its hint.</summary>
    public async Task<(ImmutableArray<InboundWebhook> Rows, bool MayBeMore)> NextAsync(TenantId tenant, AccountId account, int most, CancellationToken cancellationToken)
    {
        if (!_mustRead && arrivals.Take(account, most) is { } arrived)
        {
            return ([.. arrived.Where(row => !_read.Contains(row.Id) && !_readBefore.Contains(row.Id))], arrived.Length == most);
        }

        // Whoever doubts while we read is not answered by what we read.
        _mustRead = false;
        arrivals.Follow(account);
        try
        {
            var rows = await inbox.ReadAsync(tenant, account, most, cancellationToken);
            (_read, _readBefore) = (_readBefore, _read);
            _read.Clear();
            _read.UnionWith(rows.Select(row => row.Id));
            var bytes = rows.Sum(row => (long)row.Body.Length);
            if (rows.Length >= most || bytes >= MostBytes)
            {
                Doubt(account);
            }

            return (rows, rows.Length >= most / 2 || bytes >= MostBytes / 4);
        }
        catch
        {
            Doubt(account);
            throw;
        }
    }

    /// <summary>Parks all rows of an account that is gone.</summary>
    public Task ParkRestAsync(AccountId account, string reason, CancellationToken cancellationToken)
    {
        Doubt(account);
        return inbox.ParkRestAsync(account, reason, cancellationToken);
    }
}
