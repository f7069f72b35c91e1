using Channels.Core.Ids;
using Channels.Core.Inbox;

namespace Channels.Storage.Inbox;

/// <summary>Passes hints on: at once while webhooks come slowly, together and once per account while they come fast.</summary>
internal sealed class PacedHints(IInboxHint hint, IInboxPressure pressure, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private HashSet<AccountId> _later = [];

    /// <summary>These are committed.</summary>
    public void Arrived(IReadOnlyList<InboundWebhook> webhooks) => Arrived(webhooks.Select(webhook => (webhook.Tenant, webhook.Account)));

    /// <summary>Webhooks of these accounts are committed.</summary>
    public void Arrived(IEnumerable<(TenantId Tenant, AccountId Account)> accounts)
    {
        var told = new HashSet<AccountId>();
        foreach (var (tenant, account) in accounts)
        {
            if (!told.Add(account))
            {
                continue;
            }

            if (pressure.IsMadeBy(tenant))
            {
                Postpone(account);
            }
            else
            {
                hint.Arrived(account);
            }
        }
    }

    private void Postpone(AccountId account)
    {
        lock (_gate)
        {
            if (!_later.Add(account) || _later.Count > 1)
            {
                return;
            }
        }

        _ = PassOnAsync();
    }

    // Never fails: neither the delay nor a hint does.
    private async Task PassOnAsync()
    {
        await Task.Delay(Pause, clock);
        HashSet<AccountId> accounts;
        lock (_gate)
        {
            (accounts, _later) = (_later, []);
        }

        foreach (var account in accounts)
        {
            hint.Arrived(account);
        }
    }
}
