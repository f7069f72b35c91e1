using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Channels;

/// <summary>Which channel kinds a tenant has switched off, and how many channels it has of each.</summary>
public sealed class KindSwitches(TenantScope scope, TimeProvider clock)
{
    private const string Off = """
        select kind, since from kind_switched_off where tenant_id = $1
        """;

    private const string IsOff = """
        select from kind_switched_off where tenant_id = $1 and kind = $2
        """;

    private const string Used = """
        select a.kind, count(*), count(*) filter (where a.status = 'active' and c.status = 'active')
        from account a join connector c on c.tenant_id = a.tenant_id and c.id = a.connector_id
        where a.tenant_id = $1 and a.deleted_at is null group by a.kind
        """;

    private const string SwitchOff = """
        insert into kind_switched_off (tenant_id, kind, since) values ($1, $2, $3) on conflict do nothing
        """;

    private const string SwitchOn = """
        delete from kind_switched_off where tenant_id = $1 and kind = $2
        """;

    /// <summary>Every kind the tenant uses or has switched off.</summary>
    public async Task<ImmutableDictionary<string, KindUse>> ReadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Off, tenant.Value), Sql.Statement(Used, tenant.Value)], cancellationToken);
        var rows = reading.Rows;
        var uses = ImmutableDictionary.CreateBuilder<string, KindUse>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellationToken))
        {
            uses[rows.GetString(0)] = new KindUse(rows.GetFieldValue<DateTimeOffset>(1), 0, 0);
        }

        await rows.NextResultAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var kind = rows.GetString(0);
            uses[kind] = new KindUse(uses.GetValueOrDefault(kind)?.OffSince, rows.GetInt64(1), rows.GetInt64(2));
        }

        return uses.ToImmutable();
    }

    /// <summary>Whether the tenant has switched the kind off.</summary>
    public async Task<bool> IsOffAsync(TenantId tenant, string kind, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(IsOff, tenant.Value, kind)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken);
    }

    /// <summary>Switches a kind on or off. Safe to repeat.</summary>
    public Task SetAsync(TenantId tenant, string kind, bool isOn, CancellationToken cancellationToken) => scope.ExecuteAsync(
        tenant, isOn ? Sql.Statement(SwitchOn, tenant.Value, kind) : Sql.Statement(SwitchOff, tenant.Value, kind, clock.GetUtcNow()), cancellationToken);
}

/// <summary>What a tenant does with a channel kind.</summary>
/// <param name="OffSince">Since when it is switched off; null when it is not.</param>
/// <param name="Channels">Channels of this kind.</param>
/// <param name="Active">Those that are active.</param>
public sealed record KindUse(DateTimeOffset? OffSince, long Channels, long Active);
