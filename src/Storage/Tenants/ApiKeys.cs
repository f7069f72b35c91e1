using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Storage.Caching;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Tenants;

/// <summary>A tenant's keys. The key itself is shown once, when it is made; the table holds its hash.</summary>
public sealed class ApiKeys
{
    private const string ByHash = """
        select tenant_id, id from api_key where hash = $1 and revoked_at is null
        """;

    internal const string Insert = """
        insert into api_key (tenant_id, id, name, hash, created_at) values ($1, $2, $3, $4, $5)
        """;

    private const string All = """
        select id, name, created_at, revoked_at from api_key where tenant_id = $1 order by created_at desc, id desc
        """;

    private const string Revoke = """
        update api_key set revoked_at = $3 where tenant_id = $1 and id = $2 and revoked_at is null
        """;

    private readonly NpgsqlDataSource _db;
    private readonly TenantScope _scope;
    private readonly IdSource _ids;
    private readonly TimeProvider _clock;
    private readonly ExpiringCache<string, KeyOwner> _owners;

    /// <summary>Creates it.</summary>
    public ApiKeys(NpgsqlDataSource db, TenantScope scope, IdSource ids, TimeProvider clock)
    {
        _db = db;
        _scope = scope;
        _ids = ids;
        _clock = clock;
        // A revoked key works at most this much longer in other processes.
        _owners = new(clock, new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2), 20_000), FindOwnerAsync);
    }

    /// <summary>Whose key it is; null when it is nobody's or revoked.</summary>
    public ValueTask<KeyOwner?> FindAsync(string key, CancellationToken cancellationToken) =>
        key.StartsWith(KeyText.TenantPrefix, StringComparison.Ordinal)
            ? _owners.GetAsync(Convert.ToHexString(KeyText.Hash(key)), cancellationToken)
            : new((KeyOwner?)null);

    /// <summary>Makes one. The answer holds the key in clear, this once.</summary>
    public async Task<NewApiKey> CreateAsync(TenantId tenant, string name, CancellationToken cancellationToken)
    {
        var made = new NewApiKey(_ids.Next(), name, KeyText.Make(KeyText.TenantPrefix), _clock.GetUtcNow());
        await _scope.ExecuteAsync(tenant, Sql.Statement(Insert, tenant.Value, made.Id, made.Name, KeyText.Hash(made.Key), made.CreatedAt), cancellationToken);
        return made;
    }

    /// <summary>All of a tenant's keys, revoked ones too, without the keys themselves.</summary>
    public async Task<ImmutableArray<ApiKeyRow>> ListAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var reading = await _scope.QueryAsync(tenant, [Sql.Statement(All, tenant.Value)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAllAsync(row => new ApiKeyRow(row.GetGuid(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.Moment(3)), cancellationToken);
    }

    /// <summary>Ends a key. False when the tenant has no such working key.</summary>
    public async Task<bool> RevokeAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        var revoked = await _scope.ExecuteAsync(tenant, Sql.Statement(Revoke, tenant.Value, id, _clock.GetUtcNow()), cancellationToken);
        _owners.ForgetWhere(owner => owner.Key == id);
        return revoked == 1;
    }

    // As the owner of the tables: before the look-up nobody knows whose key it is.
    private async Task<KeyOwner?> FindOwnerAsync(string hash, CancellationToken cancellationToken)
    {
        await using var command = _db.CreateCommand(ByHash);
        Sql.Add(command.Parameters, Convert.FromHexString(hash));
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? new(new(rows.GetGuid(0)), rows.GetGuid(1)) : null;
    }
}

/// <summary>Whose key it is, and which.</summary>
public sealed record KeyOwner(TenantId Tenant, Guid Key);

/// <summary>A key as a list shows it.</summary>
public sealed record ApiKeyRow(Guid Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>A key just made, in clear.</summary>
public sealed record NewApiKey(Guid Id, string Name, string Key, DateTimeOffset CreatedAt)
{
    /// <inheritdoc/>
    public override string ToString() => $"API key {Id}";
}
