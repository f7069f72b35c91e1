using Channels.Core.Ids;

namespace Channels.Storage.Parked;

/// <summary>Which parked webhooks are meant; null means any.</summary>
/// <param name="Account">Of this channel.</param>
/// <param name="Kind">Of channels of this kind.</param>
/// <param name="Cause">Parked for this; what stands behind a colon in a reason does not count.</param>
public sealed record ParkedFilter(AccountId? Account, string? Kind, string? Cause)
{
    /// <summary>All that there are.</summary>
    public static ParkedFilter All { get; } = new(null, null, null);

    // p is the webhook, a its channel; $1 the tenant, $2 to $4 this filter.
    internal const string Sql = """
        p.tenant_id = $1 and ($2::uuid is null or p.account_id = $2) and ($3::text is null or a.kind = $3) and ($4::text is null or p.cause = drop_reason($4))
        """;
}
