namespace Channels.Storage.Sweep;

/// <summary>Where a look goes on that pages through what waits, tenant by tenant: each has its share of a look, and goes on behind it in the next.</summary>
internal sealed class TenantPages(int share, int most)
{
    /// <summary>Behind the last row of tenants whose share was full.</summary>
    private readonly Dictionary<Guid, (Guid Account, Guid Conversation)> _behind = [];

    /// <summary>The tenant behind which the next look begins.</summary>
    public Guid From { get; private set; }

    /// <summary>Tenants that do not begin anew.</summary>
    public Guid[] Tenants => [.. _behind.Keys];

    /// <summary>The account they go on in, or behind.</summary>
    public Guid[] Accounts => [.. _behind.Values.Select(place => place.Account)];

    /// <summary>The conversation they go on behind.</summary>
    public Guid[] Conversations => [.. _behind.Values.Select(place => place.Conversation)];

    /// <summary>A look found this, by tenants in order.</summary>
    public void Turn(IReadOnlyList<(Guid Tenant, Guid Account, Guid Conversation)> page)
    {
        var isFull = page.Count >= most;

        // Who was looked at and is not named below has no more, and begins anew. Who comes behind a full page was not looked at.
        var last = isFull ? page[^1].Tenant : default;
        foreach (var tenant in _behind.Keys.Where(tenant => tenant.CompareTo(From) > 0 && (!isFull || tenant.CompareTo(last) <= 0)).ToList())
        {
            _behind.Remove(tenant);
        }

        foreach (var rows in page.GroupBy(row => row.Tenant).Where(rows => rows.Count() >= share || (isFull && rows.Key == last)))
        {
            var (_, account, conversation) = rows.Last();
            _behind[rows.Key] = (account, conversation);
        }

        From = last;
    }
}
