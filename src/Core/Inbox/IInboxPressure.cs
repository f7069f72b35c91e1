using Channels.Core.Ids;

namespace Channels.Core.Inbox;

/// <summary>Whether acknowledging webhooks keeps this process busy, and for whom. What can wait then should: a provider gives up, a row in the inbox does not.</summary>
public interface IInboxPressure
{
    /// <summary>More waits than the processors keep up with, and this tenant is one of those who send it. Asked often: no I/O.</summary>
    bool IsMadeBy(TenantId tenant);

    /// <summary>Whether tenants who make no pressure have sent something of late: then those who do are served in small helpings.</summary>
    bool OthersAreAbout { get; }
}
