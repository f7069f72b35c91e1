using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Channels;

/// <summary>Keeps two channels of a tenant from being the same thing: the table's key decides, also between two requests at once.</summary>
internal static class ChannelClaims
{
    private const string Drop = """
        delete from channel_claim where tenant_id = $1 and account_id = $2 and claim <> all ($3::text[])
        """;

    private const string Take = """
        insert into channel_claim (tenant_id, claim, account_id)
        select $1, claim, $3 from unnest($2::text[]) as claim
        on conflict do nothing
        """;

    private const string TakenByOthers = """
        select claim from channel_claim where tenant_id = $1 and claim = any ($2::text[]) and account_id <> $3 limit 1
        """;

    /// <summary>Makes these the account's claims. The field whose value another channel has, or null when all is well.</summary>
    public static async Task<string?> TakeAsync(
        TenantWork work, TenantId tenant, AccountId account, ImmutableArray<ChannelClaim> claims, CancellationToken cancellationToken)
    {
        var values = claims.Select(claim => claim.Value).Distinct().ToArray();
        await work.ExecuteAsync(Drop, cancellationToken, tenant.Value, account.Value, values);
        await work.ExecuteAsync(Take, cancellationToken, tenant.Value, values, account.Value);
        await using var taken = await work.QueryAsync(TakenByOthers, cancellationToken, tenant.Value, values, account.Value);
        if (!await taken.ReadAsync(cancellationToken))
        {
            return null;
        }

        var value = taken.GetString(0);
        return claims.First(claim => claim.Value == value).Field;
    }
}
