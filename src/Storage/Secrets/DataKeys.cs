using System.Buffers.Binary;
using System.Security.Cryptography;
using Channels.Core.Ids;
using Channels.Storage.Caching;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Secrets;

/// <summary>Each tenant's keys, one per generation, wrapped by the master key in <c>data_key</c>, opened in memory only.</summary>
internal sealed class DataKeys
{
    private const int Length = 32;

    private const string Latest = """
        select id, wrapped from data_key where tenant_id = $1 order by id desc limit 1
        """;

    private const string ById = """
        select id, wrapped from data_key where tenant_id = $1 and id = $2
        """;

    internal const string Insert = """
        insert into data_key (tenant_id, id, wrapped, created_at) values ($1, $2, $3, $4) on conflict do nothing
        """;

    private readonly TenantScope _scope;
    private readonly MasterKey _master;
    private readonly TimeProvider _clock;
    private readonly ExpiringCache<(TenantId Tenant, int Id), byte[]> _byId;
    private readonly ExpiringCache<TenantId, DataKey> _latest;

    public DataKeys(TenantScope scope, MasterKey master, TimeProvider clock)
    {
        _scope = scope;
        _master = master;
        _clock = clock;
        // A key never changes, so it may stay; which one is the latest may.
        _byId = new(clock, new(TimeSpan.FromHours(1), TimeSpan.Zero, 10_000), async (key, token) => (await ReadAsync(key.Tenant, ById, token, key.Id))?.Key);
        _latest = new(clock, new(TimeSpan.FromMinutes(5), TimeSpan.Zero, 10_000), LoadLatestAsync);
    }

    /// <summary>The key to seal with; made where the tenant has none yet.</summary>
    public async ValueTask<DataKey> LatestAsync(TenantId tenant, CancellationToken cancellationToken) =>
        await _latest.GetAsync(tenant, cancellationToken) ?? throw Missing(tenant, 1);

    /// <summary>The key something was sealed with.</summary>
    /// <exception cref="CryptographicException">There is no such key.</exception>
    public async ValueTask<DataKey> FindAsync(TenantId tenant, int id, CancellationToken cancellationToken) =>
        await _byId.GetAsync((tenant, id), cancellationToken) is { } key ? new(id, key) : throw Missing(tenant, id);

    /// <summary>A new first key for a tenant that is being created, ready for <see cref="Insert"/>.</summary>
    public byte[] MakeWrapped(TenantId tenant, int id) => _master.Wrap(RandomNumberGenerator.GetBytes(Length), Binding(tenant, id));

    private async Task<DataKey?> LoadLatestAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (await ReadAsync(tenant, Latest, cancellationToken) is { } key)
        {
            return key;
        }

        var first = Sql.Statement(Insert, tenant.Value, 1, MakeWrapped(tenant, 1), _clock.GetUtcNow());
        await _scope.ExecuteAsync(tenant, first, cancellationToken);
        return await ReadAsync(tenant, Latest, cancellationToken);
    }

#pragma warning disable CA1068 // values last, as they are read
    private async Task<DataKey?> ReadAsync(TenantId tenant, string sql, CancellationToken cancellationToken, params object?[] more)
#pragma warning restore CA1068
    {
        await using var reading = await _scope.QueryAsync(tenant, [Sql.Statement(sql, [tenant.Value, .. more])], cancellationToken);
        var rows = reading.Rows;
        if (!await rows.ReadAsync(cancellationToken))
        {
            return null;
        }

        var id = rows.GetInt32(0);
        return new(id, _master.Unwrap(rows.GetFieldValue<byte[]>(1), Binding(tenant, id)));
    }

    /// <summary>What a wrapped key is bound to: its row.</summary>
    internal static byte[] Binding(TenantId tenant, int id)
    {
        var binding = new byte[20];
        tenant.Value.TryWriteBytes(binding);
        BinaryPrimitives.WriteInt32BigEndian(binding.AsSpan(16), id);
        return binding;
    }

    private static CryptographicException Missing(TenantId tenant, int id) => new($"Tenant {tenant} has no data key {id}.");
}

/// <summary>One opened data key.</summary>
internal sealed record DataKey(int Id, byte[] Key)
{
    /// <inheritdoc/>
    public override string ToString() => $"data key {Id}";
}
