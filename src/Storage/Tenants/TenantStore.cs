using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Tenants;

/// <summary>The operator's tenants. Runs as the owner of the tables: no tenant asks here.</summary>
public sealed class TenantStore
{
    private const string InsertTenant = """
        insert into tenant (id, name, created_at) values ($1, $2, $3)
        """;

    private const string InsertOrgUnit = """
        insert into org_unit (tenant_id, id, name, is_default) values ($1, $2, $3, true)
        """;

    private const string Select = """
        select t.id, t.name, o.id, t.suspended_at, t.suspended_reason, t.created_at
        from tenant t left join org_unit o on o.tenant_id = t.id and o.is_default
        where t.id = $1
        """;

    private const string List = """
        select t.id, t.name, o.id, t.suspended_at, t.suspended_reason, t.created_at
        from tenant t left join org_unit o on o.tenant_id = t.id and o.is_default
        where $1::text is null or t.name ilike $1
        order by t.created_at desc, t.id desc limit $2 offset $3
        """;

    private const string Count = """
        select count(*) from tenant t where $1::text is null or t.name ilike $1
        """;

    private readonly NpgsqlDataSource _db;
    private readonly DataKeys _keys;
    private readonly IdSource _ids;
    private readonly TimeProvider _clock;

    internal TenantStore(NpgsqlDataSource db, DataKeys keys, IdSource ids, TimeProvider clock)
    {
        _db = db;
        _keys = keys;
        _ids = ids;
        _clock = clock;
    }

    /// <summary>Makes a tenant with its default org unit, its data key and its first API key, all or nothing.</summary>
    public async Task<NewTenant> CreateAsync(string name, CancellationToken cancellationToken)
    {
        var tenant = new TenantId(_ids.Next());
        var orgUnit = _ids.Next();
        var now = _clock.GetUtcNow();
        var key = new NewApiKey(_ids.Next(), "first", KeyText.Make(KeyText.TenantPrefix), now);

        // One batch is one transaction.
        await using var batch = _db.CreateBatch();
        batch.BatchCommands.Add(Sql.Statement(InsertTenant, tenant.Value, name, now));
        batch.BatchCommands.Add(Sql.Statement(InsertOrgUnit, tenant.Value, orgUnit, name));
        batch.BatchCommands.Add(Sql.Statement(DataKeys.Insert, tenant.Value, 1, _keys.MakeWrapped(tenant, 1), now));
        batch.BatchCommands.Add(Sql.Statement(ApiKeys.Insert, tenant.Value, key.Id, key.Name, KeyText.Hash(key.Key), now));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return new(new(tenant, name, orgUnit, null, null, now), key);
    }

    /// <summary>One tenant, or null.</summary>
    public async Task<TenantRow?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var command = _db.CreateCommand(Select);
        Sql.Add(command.Parameters, tenant.Value);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? Read(rows) : null;
    }

    /// <summary>Tenants, newest first.</summary>
    public async Task<Paged<TenantRow>> ListAsync(string? search, Page page, CancellationToken cancellationToken)
    {
        var pattern = PagedReading.Containing(search);
        await using var batch = _db.CreateBatch();
        batch.BatchCommands.Add(Sql.Statement(List, pattern, page.Limit, page.Offset));
        batch.BatchCommands.Add(Sql.Statement(Count, pattern));
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadPageAsync(Read, cancellationToken);
    }

    private static TenantRow Read(NpgsqlDataReader row) =>
        new(new(row.GetGuid(0)), row.GetString(1), row.Id(2), row.Moment(3), row.Text(4), row.GetFieldValue<DateTimeOffset>(5));
}

/// <summary>A tenant as the operator sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">As the operator called it.</param>
/// <param name="DefaultOrgUnit">Where its channels belong when they name no unit.</param>
/// <param name="SuspendedAt">Since when it is stopped; null when it is not.</param>
/// <param name="SuspendedReason">Why.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record TenantRow(TenantId Id, string Name, Guid? DefaultOrgUnit, DateTimeOffset? SuspendedAt, string? SuspendedReason, DateTimeOffset CreatedAt);

/// <summary>A tenant just made, with its first key in clear.</summary>
public sealed record NewTenant(TenantRow Tenant, NewApiKey Key);
