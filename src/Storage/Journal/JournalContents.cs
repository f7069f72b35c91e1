using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Channels.Core.Ids;

namespace Channels.Storage.Journal;

/// <summary>For whom webhooks are in the journal, or on their way into it, that are not in the table yet. Holds one line for each such account.</summary>
public sealed class JournalContents
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AccountId, Held> _accounts = [];
    private readonly Dictionary<TenantId, long> _tenants = [];
    private long _count;

    /// <summary>How many in all.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Whether some of this tenant's are, or are just being written to it.</summary>
    public bool Has(TenantId tenant)
    {
        // Nearly always.
        if (Count == 0)
        {
            return false;
        }

        lock (_gate)
        {
            return _tenants.ContainsKey(tenant);
        }
    }

    /// <summary>What is there of one tenant's now.</summary>
    public JournalHeld Of(TenantId tenant)
    {
        if (!Has(tenant))
        {
            return JournalHeld.Nothing;
        }

        lock (_gate)
        {
            return new JournalHeld(_accounts.Where(one => one.Value.Tenant == tenant).ToDictionary(one => one.Key, one => (one.Value.Count, one.Value.Oldest)));
        }
    }

    /// <summary>Whose they are.</summary>
    internal ImmutableArray<TenantId> Tenants
    {
        get
        {
            lock (_gate)
            {
                return [.. _tenants.Keys];
            }
        }
    }

    /// <summary>Adds one of a tenant who has some there already; else it is as it was.</summary>
    internal bool TryJoin(TenantId tenant, AccountId account, DateTimeOffset receivedAt)
    {
        // Nearly always.
        if (Count == 0)
        {
            return false;
        }

        lock (_gate)
        {
            if (!_tenants.ContainsKey(tenant))
            {
                return false;
            }

            Add(tenant, account, receivedAt);
            return true;
        }
    }

    internal void Add(TenantId tenant, AccountId account, DateTimeOffset receivedAt)
    {
        lock (_gate)
        {
            ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(_accounts, account, out var known);
            held = known ? held with { Count = held.Count + 1 } : new Held(tenant, 1, receivedAt);
            CollectionsMarshal.GetValueRefOrAddDefault(_tenants, tenant, out _)++;
            _count++;
        }
    }

    /// <summary>The oldest of an account's is in the table: what is left came after it.</summary>
    internal void Moved(TenantId tenant, AccountId account, DateTimeOffset receivedAt) => Remove(tenant, account, held => receivedAt > held.Oldest ? receivedAt : held.Oldest);

    /// <summary>One of an account's, whichever, never came.</summary>
    internal void Withdraw(TenantId tenant, AccountId account) => Remove(tenant, account, held => held.Oldest);

    /// <summary>What could not be read is not waited for.</summary>
    internal void Clear()
    {
        lock (_gate)
        {
            _accounts.Clear();
            _tenants.Clear();
            _count = 0;
        }
    }

    private void Remove(TenantId tenant, AccountId account, Func<Held, DateTimeOffset> oldest)
    {
        lock (_gate)
        {
            if (!_accounts.TryGetValue(account, out var held))
            {
                return;
            }

            _count--;
            if (held.Count == 1)
            {
                _accounts.Remove(account);
            }
            else
            {
                _accounts[account] = held with { Count = held.Count - 1, Oldest = oldest(held) };
            }

            if (--CollectionsMarshal.GetValueRefOrAddDefault(_tenants, tenant, out _) == 0)
            {
                _tenants.Remove(tenant);
            }
        }
    }

    private readonly record struct Held(TenantId Tenant, long Count, DateTimeOffset Oldest);
}

/// <summary>A tenant's webhooks in the journal at one moment.</summary>
/// <param name="Accounts">How many of each account's, and when the oldest came.</param>
public sealed record JournalHeld(IReadOnlyDictionary<AccountId, (long Count, DateTimeOffset Oldest)> Accounts)
{
    internal static JournalHeld Nothing { get; } = new(new Dictionary<AccountId, (long, DateTimeOffset)>());

    /// <summary>How many of one account's, or of all, and when the oldest came; null when there is none.</summary>
    public (long Count, DateTimeOffset? Oldest) Total(AccountId? account)
    {
        var counted = account is not { } one ? Accounts.Values : Accounts.TryGetValue(one, out var held) ? [held] : Array.Empty<(long Count, DateTimeOffset Oldest)>();
        return counted.Any() ? (counted.Sum(each => each.Count), counted.Min(each => each.Oldest)) : (0, null);
    }
}
