using Channels.Storage.Database;
using System.Globalization;
using System.Reflection;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage;

/// <summary>Whether the store answers and has this version's schema.</summary>
public sealed class Readiness(NpgsqlDataSource db)
{
    private const string Applied = "select max(number) from schema_migration";
    private static readonly int _needed = NewestMigration();

    /// <summary>Null when all is well, else what is missing, in words.</summary>
    public async Task<string?> WhatIsMissingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var command = db.CreateCommand(Applied);
            command.CommandTimeout = 5;
            var applied = await command.ExecuteScalarAsync(cancellationToken) as int? ?? 0;
            return applied >= _needed ? null : "the store's schema is older than this version";
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return "the store has no schema yet";
        }
        catch (Exception failure) when (StoreFaults.IsUnavailable(failure))
        {
            return "the store does not answer";
        }
    }

    private static int NewestMigration() => Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
        .Select(name => name.Split('.')[^2][..4])
        .Select(number => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0)
        .Max();
}
