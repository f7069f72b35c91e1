using System.Globalization;
using System.Reflection;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Npgsql;

namespace Channels.Storage;

/// <summary>Whether the store answers, has this version's schema, and takes webhooks.</summary>
public sealed class Readiness
{
    // A stand-by says so of every transaction as well.
    private const string Applied = "select max(number), current_setting('transaction_read_only') = 'on' from schema_migration";

    // More than what a table has free in its last page: a full disk shows when one grows. Undone with its transaction.
    private const string Trial = "create temporary table channels_trial on commit drop as select repeat('x', 1000) as filling from generate_series(1, 1000)";

    private static readonly int _needed = NewestMigration();
    private readonly NpgsqlDataSource _db;
    private readonly CommitCondition _commits;

    internal Readiness(NpgsqlDataSource db, CommitCondition commits)
    {
        _db = db;
        _commits = commits;
    }

    /// <summary>Null when all is well, else what is missing, in words.</summary>
    public async Task<string?> WhatIsMissingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await SchemaOrWritesAsync(cancellationToken) ?? await CommitsAsync(cancellationToken);
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

    private async Task<string?> SchemaOrWritesAsync(CancellationToken cancellationToken)
    {
        await using var command = _db.CreateCommand(Applied);
        command.CommandTimeout = 5;
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        await rows.ReadAsync(cancellationToken);
        return (rows.IsDBNull(0) ? 0 : rows.GetInt32(0)) < _needed ? "the store's schema is older than this version"
            : rows.GetBoolean(1) ? CommitCondition.Words(PostgresErrorCodes.ReadOnlySqlTransaction)
            : null;
    }

    // Whoever is not ready is sent no webhooks, and would never see them taken again: after a while it tries by itself.
    private async Task<string?> CommitsAsync(CancellationToken cancellationToken)
    {
        if (_commits.What is null || !_commits.MayTry())
        {
            return _commits.What;
        }

        try
        {
            await using var connection = await _db.OpenConnectionAsync(cancellationToken);
            await using var undone = await connection.BeginTransactionAsync(cancellationToken);
            await using var command = new NpgsqlCommand(Trial, connection, undone) { CommandTimeout = 5 };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException refused) when (CommitCondition.Words(refused.SqlState) is { } words)
        {
            return words;
        }
        catch (PostgresException)
        {
            // A trial is not allowed here, or says nothing: the next webhook will tell.
        }

        _commits.Succeeded();
        return null;
    }

    private static int NewestMigration() => Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
        .Select(name => name.Split('.')[^2][..4])
        .Select(number => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0)
        .Max();
}
