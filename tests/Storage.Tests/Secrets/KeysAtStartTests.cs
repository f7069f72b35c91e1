using System.Security.Cryptography;
using Channels.Core.Ids;
using Channels.Storage.Migrations;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;
using Channels.Storage.Tenants;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Channels.Storage.Tests.Secrets;

public sealed class KeysAtStartTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private readonly TemporaryDirectory _data = TemporaryDirectory.Create();
    private NpgsqlDataSource _db = null!;

    private KeyOptions Mine => new() { DataDirectory = _data.Path };

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, _clock, NullLogger.Instance, default);
    }

    public Task DisposeAsync()
    {
        _data.Dispose();
        return Task.CompletedTask;
    }

    [PostgresFact]
    public async Task On_a_new_database_both_keys_are_made_and_found_again()
    {
        await CheckAsync(Mine);
        await AddTenantAsync(Mine);

        await CheckAsync(Mine);

        Assert.True(File.Exists(_data.Combine("master.key")) && File.Exists(_data.Combine("operator.key")));
    }

    [PostgresFact]
    public async Task A_lost_master_key_is_told_with_its_place_and_remedy_and_no_other_is_made()
    {
        await AddTenantAsync(Mine);
        File.Delete(_data.Combine("master.key"));

        var refused = await Assert.ThrowsAsync<KeyException>(() => CheckAsync(Mine));

        Assert.StartsWith($"{_data.Combine("master.key")} is missing", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Channels__MasterKey", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_data.Combine("master.key")));
    }

    [PostgresFact]
    public async Task Another_master_key_is_told_by_where_it_came_from_and_not_shown()
    {
        await AddTenantAsync(Mine);
        var other = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

        var configured = await Assert.ThrowsAsync<KeyException>(() => CheckAsync(new() { DataDirectory = _data.Path, MasterKey = other }));
        await File.WriteAllTextAsync(_data.Combine("master.key"), other);
        var kept = await Assert.ThrowsAsync<KeyException>(() => CheckAsync(Mine));

        Assert.StartsWith("Channels:MasterKey is not the master key", configured.Message, StringComparison.Ordinal);
        Assert.StartsWith($"{_data.Combine("master.key")} is not the master key", kept.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(other, configured.Message + kept.Message, StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_two_keys_were_used_in_turn_either_starts(bool isMineTheNewer)
    {
        var other = new KeyOptions { MasterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) };
        await AddTenantAsync(isMineTheNewer ? other : Mine);
        _clock.Advance(TimeSpan.FromDays(1));
        await AddTenantAsync(isMineTheNewer ? Mine : other);

        await CheckAsync(Mine);
    }

    [PostgresFact]
    public async Task A_store_that_cannot_be_read_says_nothing_of_keys()
    {
        await using var nobody = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody");
        await using var unmade = await postgres.CreateDatabaseAsync();

        await Assert.ThrowsAsync<KeyException>(() => CheckAsync(Mine, nobody));
        Assert.False(File.Exists(_data.Combine("master.key")));

        await CheckAsync(Mine, unmade);
        Assert.True(File.Exists(_data.Combine("master.key")));
        await CheckAsync(Mine, nobody);
    }

    private async Task CheckAsync(KeyOptions options, NpgsqlDataSource? db = null)
    {
        await using var services = new ServiceCollection().AddSingleton(_ => MasterKey.Load(options)).AddSingleton(_ => OperatorKey.Load(options)).BuildServiceProvider();
        await new KeysAtStart(db ?? _db, Options.Create(options), services).CheckAsync(default);
    }

    private Task<NewTenant> AddTenantAsync(KeyOptions options) =>
        new TenantStore(_db, new DataKeys(new TenantScope(_db), MasterKey.Load(options), _clock), new IdSource(_clock), _clock).CreateAsync("a tenant", default);
}
