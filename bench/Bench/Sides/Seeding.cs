using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage;
using Channels.Storage.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Bench.Sides;

/// <summary>Writes many channels and conversations straight into the product's tables: the rows its API would have written, secrets sealed with its keys, but by COPY.</summary>
/// <remarks>Without the claims that keep two channels apart, which nothing reads here; with the copy of the connector's status that a trigger would make. Triggers and foreign keys sleep meanwhile: nobody has cached what is new, and the rows fit together by making.</remarks>
internal sealed class Seeding : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly NpgsqlDataSource _db;
    private readonly SecretVault _vault;
    private readonly IdSource _ids;

    private Seeding(ServiceProvider services)
    {
        _services = services;
        _db = services.GetRequiredService<NpgsqlDataSource>();
        _vault = services.GetRequiredService<SecretVault>();
        _ids = services.GetRequiredService<IdSource>();
    }

    public static Seeding Of(Product product)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("Channels:DataDirectory", product.DataDirectory)]).Build());
        services.AddSingleton(TimeProvider.System).AddSingleton<IdSource>().AddSingleton(new PublicAddress(() => product.Address)).AddLogging();
        services.AddSingleton(_ => NpgsqlDataSource.Create($"{product.ConnectionString};Options=-c session_replication_role=replica;Command Timeout=600"));
        services.AddTenantStorage();
        return new Seeding(services.BuildServiceProvider());
    }

    /// <summary>Evolution channels that only record; their status by <paramref name="status"/>, their identity the phone number of their index.</summary>
    public async Task<List<BenchChannel>> AddChannelsAsync(BenchTenant tenant, string prefix, int count, Func<int, string> status, CancellationToken cancellationToken)
    {
        var owner = new TenantId(tenant.Id);
        var orgUnit = await OrgUnitAsync(tenant, cancellationToken);
        var channels = new List<(Guid Connector, BenchChannel Channel, byte[] Settings, byte[] Webhook)>(count);
        for (var i = 0; i < count; i++)
        {
            var (connector, channel) = (_ids.Next(), new BenchChannel(_ids.Next(), $"{prefix}-{i:D6}", $"secret-of-{prefix}-{i:D6}"));
            channels.Add((
                connector, channel,
                await _vault.SealAsync(owner, SecretPurpose.Settings(connector), $$"""{"api_key":"{{Provider.Key}}"}""", cancellationToken),
                await _vault.SealAsync(owner, SecretPurpose.Webhook(channel.Id), channel.Secret, cancellationToken)));
        }

        var started = TimeProvider.System.GetUtcNow();
        await using var connection = await _db.OpenConnectionAsync(cancellationToken);
        await CopyAsync(
            connection, "connector (tenant_id, id, kind, settings, secrets, status, status_since, created_at, updated_at)", count,
            async (row, i) =>
            {
                var (connector, channel, settings, _) = channels[i];
                await row.WriteAsync(tenant.Id, cancellationToken);
                await row.WriteAsync(connector, cancellationToken);
                await row.WriteAsync("evolution", cancellationToken);
                await row.WriteAsync($$"""{"base_url":"http://127.0.0.1:9","instance_name":"{{channel.Name}}"}""", NpgsqlDbType.Jsonb, cancellationToken);
                await row.WriteAsync(settings, cancellationToken);
                await row.WriteAsync(status(i) == "pending" ? "pending" : "active", cancellationToken);
                await WriteAtAsync(row, started, i, 3, cancellationToken);
            },
            cancellationToken);
        await CopyAsync(
            connection, "account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, policy, status, connector_status, status_since, created_at, updated_at)", count,
            async (row, i) =>
            {
                var (connector, channel, _, webhook) = channels[i];
                await row.WriteAsync(tenant.Id, cancellationToken);
                await row.WriteAsync(channel.Id, cancellationToken);
                await row.WriteAsync(connector, cancellationToken);
                await row.WriteAsync("evolution", cancellationToken);
                await row.WriteAsync($"Shop {channel.Name}", cancellationToken);
                await row.WriteAsync($"4478{i:D8}", cancellationToken);
                await row.WriteAsync(orgUnit, cancellationToken);
                await row.WriteAsync(webhook, cancellationToken);
                await row.WriteAsync("""{"kind":"none"}""", NpgsqlDbType.Jsonb, cancellationToken);
                await row.WriteAsync("{}", NpgsqlDbType.Jsonb, cancellationToken);
                await row.WriteAsync(status(i), cancellationToken);
                await row.WriteAsync(status(i) == "pending" ? "pending" : "active", cancellationToken);
                await WriteAtAsync(row, started, i, 3, cancellationToken);
            },
            cancellationToken);
        return channels.ConvertAll(one => one.Channel);
    }

    /// <summary>Conversations with one contact each, spread over the channels, one second of history apart.</summary>
    public async Task AddConversationsAsync(BenchTenant tenant, IReadOnlyList<BenchChannel> channels, int count, CancellationToken cancellationToken)
    {
        var ids = Enumerable.Range(0, count).Select(_ => _ids.Next()).ToList();
        var started = TimeProvider.System.GetUtcNow();
        await using var connection = await _db.OpenConnectionAsync(cancellationToken);
        await CopyAsync(
            connection, "conversation (tenant_id, account_id, id, chat_id, chat_type, contact_name, contact_phone, created_at, last_message_at)", count,
            async (row, i) =>
            {
                await row.WriteAsync(tenant.Id, cancellationToken);
                await row.WriteAsync(channels[i % channels.Count].Id, cancellationToken);
                await row.WriteAsync(ids[i], cancellationToken);
                await row.WriteAsync(ChatOf(i), cancellationToken);
                await row.WriteAsync("direct", cancellationToken);
                await row.WriteAsync($"Contact {i:D6}", cancellationToken);
                await row.WriteAsync($"4491{i:D8}", cancellationToken);
                // Not in the order they were made in.
                await WriteAtAsync(row, started, i * 7919L % count, 2, cancellationToken);
            },
            cancellationToken);
        await CopyAsync(
            connection, "conversation_alias (tenant_id, account_id, alias, conversation_id)", count,
            async (row, i) =>
            {
                await row.WriteAsync(tenant.Id, cancellationToken);
                await row.WriteAsync(channels[i % channels.Count].Id, cancellationToken);
                await row.WriteAsync(ChatOf(i), cancellationToken);
                await row.WriteAsync(ids[i], cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>What the server would do by itself a minute later: its plans then know the tables' size.</summary>
    public async Task AnalyseAsync(CancellationToken cancellationToken)
    {
        await using var command = _db.CreateCommand("vacuum analyze");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static string ChatOf(int contact) => $"4491{contact:D8}@s.whatsapp.net";

    private async Task<Guid> OrgUnitAsync(BenchTenant tenant, CancellationToken cancellationToken)
    {
        await using var command = _db.CreateCommand("select id from org_unit where tenant_id = $1 and is_default");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Id });
        return (Guid)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task WriteAtAsync(NpgsqlBinaryImporter row, DateTimeOffset start, long index, int columns, CancellationToken cancellationToken)
    {
        for (var column = 0; column < columns; column++)
        {
            await row.WriteAsync(start.AddSeconds(index - 1_000_000), cancellationToken);
        }
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection, string target, int count, Func<NpgsqlBinaryImporter, int, Task> write, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync($"copy {target} from stdin (format binary)", cancellationToken);
        for (var i = 0; i < count; i++)
        {
            await copy.StartRowAsync(cancellationToken);
            await write(copy, i);
        }

        await copy.CompleteAsync(cancellationToken);
    }
}
