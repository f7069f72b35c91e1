using Channels.Core.Ids;

namespace Channels.Core.Inbox;

/// <summary>Whether acknowledging webhooks keeps this process busy, and for whom. What can wait then should: a provider gives up, a row in the inbox does not.</summary>
public interface IInboxPressure
{
    /// <summary>More waits than the processors keep up with, and this tenant is one of those who send it. Asked often: no I/O.</summary>
    bool IsMadeBy(TenantId tenant);

    /// <summary>Whether tenants who make no pressure have sent something of late: then those who do are served in small helpings.</summary>
    bool OthersAreAbout { get; }

    /// <summary>Whether this tenant's accounts are drained in rounds of <see cref="Room"/>: it sends notably, and the processors were not enough of late. Asked often: no I/O.</summary>
    bool IsRationed(TenantId tenant);

    /// <summary>How many accounts of those on rations may be drained at once beside acknowledging; one at least.</summary>
    int Room { get; }

    /// <summary>Whether even that is too much: between two rounds there is a rest.</summary>
    bool MustRest { get; }
}
