using System.Security.Cryptography;
using Channels.Core.Ids;
using Channels.Storage.Migrations;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Secrets;

public sealed class SecretVaultTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private NpgsqlDataSource _db = null!;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [PostgresFact]
    public async Task What_was_sealed_opens_for_the_same_tenant_and_purpose_also_in_another_process()
    {
        var tenant = await TenantAsync();
        var purpose = SecretPurpose.Webhook(tenant.Value);

        var sealedBytes = await Vault().SealAsync(tenant, purpose, "the secret", default);

        Assert.Equal("the secret", await Vault().OpenAsync(tenant, purpose, sealedBytes, default));
        Assert.DoesNotContain("the secret", System.Text.Encoding.Latin1.GetString(sealedBytes), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task What_was_sealed_opens_for_no_other_tenant_purpose_row_or_byte()
    {
        var (tenant, other) = (await TenantAsync(), await TenantAsync());
        var vault = Vault();
        var purpose = SecretPurpose.Webhook(tenant.Value);
        var sealedBytes = await vault.SealAsync(tenant, purpose, "the secret", default);
        await vault.SealAsync(other, purpose, "another", default);

        await RefusedAsync(other, purpose, sealedBytes);
        await RefusedAsync(tenant, SecretPurpose.Agent(tenant.Value), sealedBytes);
        await RefusedAsync(tenant, SecretPurpose.Webhook(other.Value), sealedBytes);
        await RefusedAsync(tenant, purpose, sealedBytes[..^1]);
        await RefusedAsync(tenant, purpose, []);
        foreach (var position in new[] { 0, 1, 4, 5, 6, 20, sealedBytes.Length - 1 })
        {
            var changed = sealedBytes.ToArray();
            changed[position] ^= 1;
            await RefusedAsync(tenant, purpose, changed);
        }

        async Task RefusedAsync(TenantId asked, SecretPurpose why, byte[] what) =>
            await Assert.ThrowsAnyAsync<CryptographicException>(async () => await vault.OpenAsync(asked, why, what, default));
    }

    [PostgresFact]
    public async Task A_data_key_copied_to_another_tenant_is_of_no_use()
    {
        var (tenant, thief) = (await TenantAsync(), await TenantAsync());
        await Vault().SealAsync(tenant, SecretPurpose.Webhook(tenant.Value), "the secret", default);
        await using var copy = _db.CreateCommand($"insert into data_key select '{thief}', id, wrapped, created_at from data_key where tenant_id = '{tenant}'");
        await copy.ExecuteNonQueryAsync();

        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await Vault().SealAsync(thief, SecretPurpose.Webhook(thief.Value), "x", default));
    }

    private SecretVault Vault()
    {
        var master = MasterKey.Load(new KeyOptions { MasterKey = Convert.ToBase64String(Enumerable.Range(0, 32).Select(number => (byte)number).ToArray()) });
        return new(new DataKeys(new TenantScope(_db), master, TimeProvider.System));
    }

    private async Task<TenantId> TenantAsync()
    {
        var tenant = new TenantId(_ids.Next());
        await using var insert = _db.CreateCommand("insert into tenant (id, name, created_at) values ($1, 'acme', now())");
        insert.Parameters.Add(new() { Value = tenant.Value });
        await insert.ExecuteNonQueryAsync();
        return tenant;
    }
}
