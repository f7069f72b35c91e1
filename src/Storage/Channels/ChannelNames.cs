using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Storage.Caching;
using Channels.Storage.Database;
using Channels.Storage.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Channels;

/// <summary>Channels by what their provider calls them, over all tenants: for webhooks that name their account only inside the body.</summary>
/// <remarks>
/// A name proves nothing and is nobody's alone: two tenants may each have an instance <c>shop1</c> on a gateway of their own. What is found here are
/// candidates, to be read from the <see cref="ChannelDirectory"/> and to be proven; it may still hold one that was renamed or deleted a moment ago.
/// Reads as the owner of the tables: a webhook's name is known before its tenant.
/// </remarks>
public sealed partial class ChannelNames
{
    /// <summary>Most channels of one name. Whoever comes after them is found by its own address only: all of them are tried for each webhook.</summary>
    public const int Most = 1_000;

    // Oldest first: nobody is pushed out by those who take his name later.
    private const string Select = """
        select a.id
        from connector c join account a on a.tenant_id = c.tenant_id and a.connector_id = c.id and a.deleted_at is null
        where c.settings @> $2::jsonb and c.kind = $1
        order by a.created_at, a.id limit $3
        """;

    private const string SelectKind = """
        select id from account where kind = $1 and deleted_at is null order by created_at, id limit $2
        """;

    private readonly NpgsqlDataSource _db;
    private readonly ILogger<ChannelNames> _logger;
    private readonly ExpiringCache<ChannelName, Holders> _holders;

    /// <summary>Creates it.</summary>
    public ChannelNames(NpgsqlDataSource db, TimeProvider clock, ILogger<ChannelNames> logger)
    {
        _db = db;
        _logger = logger;
        // Notification does most of it. Where one is lost, a new channel beside another of its name gets 401 for so long, which no gateway repeats.
        _holders = new(clock, new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2), 50_000), LoadAsync);
    }

    /// <summary>The channels of that name, oldest first, at most <see cref="Most"/>; empty when there certainly are none.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot say.</exception>
    public async ValueTask<ImmutableArray<AccountId>> FindAsync(ChannelName name, CancellationToken cancellationToken) =>
        await _holders.GetAsync(name, cancellationToken) is { } holders ? holders.Accounts : [];

    /// <summary>The channels of a kind, oldest first, at most <see cref="Most"/>. Read anew each time: for what is rare.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot say.</exception>
    public async ValueTask<ImmutableArray<AccountId>> OfKindAsync(string kind, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = _db.CreateCommand(SelectKind);
            Sql.Add(command.Parameters, kind, Most);
            return await ReadAsync(command, cancellationToken);
        }
        catch (Exception failure) when (StoreFaults.IsUnavailable(failure))
        {
            throw new StoreUnavailableException("The channels of a kind cannot be looked up now.", failure);
        }
    }

    /// <summary>Forgets everything: names were given or changed, or somebody asks who cannot wait for the news of it.</summary>
    public void ForgetAll() => _holders.Clear();

    private async Task<Holders?> LoadAsync(ChannelName name, CancellationToken cancellationToken)
    {
        try
        {
            var accounts = await ReadAsync(name, cancellationToken);
            if (accounts.Length == Most)
            {
                Log.Many(_logger, Most, name.Kind, accounts[0]);
            }

            return accounts.IsEmpty ? null : new Holders(accounts);
        }
        catch (Exception failure) when (StoreFaults.IsUnavailable(failure) || failure is OperationCanceledException)
        {
            throw new StoreUnavailableException("The channels of a name cannot be looked up now.", failure);
        }
    }

    private async Task<ImmutableArray<AccountId>> ReadAsync(ChannelName name, CancellationToken cancellationToken)
    {
        await using var command = _db.CreateCommand(Select);
        Sql.Add(command.Parameters, name.Kind, JsonSerializer.Serialize(new Dictionary<string, string> { [name.Setting] = name.Value }), Most);
        return await ReadAsync(command, cancellationToken);
    }

    private static async Task<ImmutableArray<AccountId>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var accounts = ImmutableArray.CreateBuilder<AccountId>();
        while (await rows.ReadAsync(cancellationToken))
        {
            accounts.Add(new AccountId(rows.GetGuid(0)));
        }

        return accounts.DrainToImmutable();
    }

    private sealed record Holders(ImmutableArray<AccountId> Accounts);

    private static partial class Log
    {
        [LoggerMessage(2103, LogLevel.Warning, "{Most} channels of kind {Kind} or more have one name, the first of them is {Account}. What comes to the address for all of them reaches the oldest {Most} only; their own addresses reach every one")]
        public static partial void Many(ILogger logger, int most, string kind, AccountId account);
    }
}

/// <summary>What a provider calls an account.</summary>
/// <param name="Kind">The channel kind.</param>
/// <param name="Setting">The kind's setting that holds it; not a secret one.</param>
/// <param name="Value">The name itself, fit for Postgres.</param>
public readonly record struct ChannelName(string Kind, string Setting, string Value);
