using System.Security.Cryptography;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage.Channels;
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

    [PostgresFact]
    public async Task After_a_key_that_is_lost_for_good_channels_get_new_secrets_as_the_readme_says()
    {
        var tenant = (await AddTenantAsync(Mine)).Tenant.Id;
        var draft = new ChannelDraft
        {
            Kind = "evolution", Name = "shop", SettingsJson = "{}", SecretsJson = """{"api_key":"old"}""", WebhookSecret = "old-webhook-secret", AgentJson = """{"kind":"none"}""",
            AgentSecretsJson = """{"secret":"old"}""", Policy = ChannelPolicy.Default,
        };
        var account = Assert.IsType<ChannelWrite.Written>(await Store().CreateAsync(tenant, draft, default)).Channel.Account;
        File.Delete(_data.Combine("master.key"));
        await Assert.ThrowsAsync<KeyException>(() => CheckAsync(Mine));

        foreach (var statement in StatementsOfTheReadme())
        {
            await using var command = _db.CreateCommand(statement);
            await command.ExecuteNonQueryAsync();
        }

        await CheckAsync(Mine);
        Assert.True(await Store().SetWebhookSecretAsync(tenant, account, "new-webhook-secret", TimeProvider.System.GetUtcNow().AddHours(1), default));
        await using (var edit = await Store().EditAsync(tenant, account, default))
        {
            Assert.Equal(new OpenedSecrets(null, "new-webhook-secret", null), edit!.Secrets);
            Assert.IsType<ChannelWrite.Written>(await edit.SaveAsync(draft with { WebhookSecret = "new-webhook-secret", SecretsJson = """{"api_key":"new"}""" }, default));
        }

        // What the lost key sealed is no former secret, and keeps nobody from reading the channel.
        var vault = new SecretVault(new DataKeys(new TenantScope(_db), MasterKey.Load(Mine), _clock));
        var directory = new ChannelDirectory(_db, vault, new PublicAddress(() => new Uri("http://127.0.0.1/")), _clock, NullLogger<ChannelDirectory>.Instance);
        var entry = await directory.FindAsync(account, default);
        Assert.Equal("new-webhook-secret", entry!.Connection.WebhookSecret);
        Assert.Empty(entry.FormerWebhookSecrets);
        await using var changed = await Store().EditAsync(tenant, account, default);
        Assert.Equal("""{"api_key":"new"}""", changed!.Secrets.SettingsJson);
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

    private ChannelStore Store()
    {
        var scope = new TenantScope(_db);
        return new ChannelStore(scope, new SecretVault(new DataKeys(scope, MasterKey.Load(Mine), _clock)), new IdSource(_clock), _clock);
    }

    private static IEnumerable<string> StatementsOfTheReadme()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Channels.sln")))
        {
            directory = directory.Parent;
        }

        return File.ReadLines(Path.Combine(directory.FullName, "README.md")).SkipWhile(line => !line.Contains("/postgres\" --single", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line != "end");
    }

    private Task<NewTenant> AddTenantAsync(KeyOptions options) =>
        new TenantStore(_db, new DataKeys(new TenantScope(_db), MasterKey.Load(options), _clock), new IdSource(_clock), _clock).CreateAsync("a tenant", default);
}
