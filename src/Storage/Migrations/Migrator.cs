using System.Data;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Migrations;

/// <summary>Brings a database to this version's schema: numbered files, forward only, each in its own transaction.</summary>
/// <remarks>
/// Several processes may start at once: one migrates under an advisory lock, the others wait and find nothing to do. A table's lock is waited for a moment at a time.
/// </remarks>
public static partial class Migrator
{
    internal const long LockKey = 0x4348_414E_4E45_4C53; // "CHANNELS"

    // Who waits for a table's lock makes everybody wait who comes for that table after it: another version may be serving meanwhile.
    private const string LockTimeout = "set local lock_timeout = '2s'";

    /// <summary>Of so many attempts at a lock one is told.</summary>
    private const int AttemptsPerWord = 20;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    /// <summary>Between two attempts at a lock: those who waited behind the first have their turn.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <summary>Applies what is missing.</summary>
    /// <exception cref="MigrationException">The database is of another encoding than UTF8 or newer than this program, an applied file was changed, or a file fails.</exception>
    public static async Task MigrateAsync(NpgsqlDataSource database, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        CheckEncoding(connection);
        await LockAsync(connection, clock, logger, cancellationToken);
        try
        {
            await ExecuteAsync(
                connection,
                "create table if not exists schema_migration (number int primary key, name text not null, checksum text not null, applied_at timestamptz not null)",
                cancellationToken);
            var applied = await AppliedAsync(connection, cancellationToken);
            var files = Files();
            Check(applied, files);
            List<MigrationFile> missing = [.. files.Where(file => !applied.ContainsKey(file.Number))];
            foreach (var file in missing)
            {
                // Said before it begins: it may take long, and whoever waits for the start wants to know for what.
                Log.Applying(logger, file.Name);
                for (var attempt = 0; !await ApplyAsync(connection, file, clock.GetUtcNow(), cancellationToken); attempt++)
                {
                    if (attempt % AttemptsPerWord == 0)
                    {
                        Log.Locked(logger, file.Name);
                    }

                    await Task.Delay(_pause, clock, cancellationToken);
                }
            }

            if (missing.Count > 0)
            {
                Log.Applied(logger, missing.Count);
            }
        }
        finally
        {
            // A lost connection has lost its lock as well; asking it would hide behind a failure of its own what it was lost by.
            if (connection.State == ConnectionState.Open)
            {
                await ExecuteAsync(connection, "select pg_advisory_unlock($1)", CancellationToken.None, LockKey);
            }
        }
    }

    // In another one some letters cannot be kept (and their webhooks would be parked), or are bytes that nobody counts or compares as letters.
    private static void CheckEncoding(NpgsqlConnection connection)
    {
        if (connection.PostgresParameters["server_encoding"] is not "UTF8" and var encoding)
        {
            throw new MigrationException(
                $"The database that ConnectionStrings:Channels names is encoded as {encoding}, and what people write needs UTF8. Make another for it: create database channels encoding 'UTF8' template template0 (and put a dump of this one into it, where it has messages already).");
        }
    }

    // Another process may take minutes for a large table; who waits without a word looks hung.
    private static async Task LockAsync(NpgsqlConnection connection, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        var locked = ExecuteAsync(connection, "select pg_advisory_lock($1)", cancellationToken, LockKey);
        try
        {
            await locked.WaitAsync(_patience, clock, CancellationToken.None);
        }
        catch (TimeoutException) when (!locked.IsFaulted)
        {
            Log.Waits(logger);
            await locked;
        }
    }

    private static void Check(Dictionary<int, string> applied, List<MigrationFile> files)
    {
        foreach (var (number, checksum) in applied)
        {
            var file = files.Find(file => file.Number == number)
                ?? throw new MigrationException($"The database has migration {number}, which this version does not know: it was used by a newer version. Start that version or a newer one.");
            if (file.Checksum != checksum)
            {
                throw new MigrationException($"Migration {file.Name} was applied to this database with other contents. Migrations are never edited once released; restore the file.");
            }
        }
    }

    // False when another session holds a lock for too long: then nothing has happened.
    private static async Task<bool> ApplyAsync(NpgsqlConnection connection, MigrationFile file, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await ExecuteAsync(connection, LockTimeout, cancellationToken);
            await ExecuteAsync(connection, file.Sql, cancellationToken);
            await ExecuteAsync(
                connection, "insert into schema_migration (number, name, checksum, applied_at) values ($1, $2, $3, $4)", cancellationToken,
                file.Number, file.Name, file.Checksum, now);
            await transaction.CommitAsync(cancellationToken);
            return true;
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return false;
        }
        catch (PostgresException failure)
        {
            var remedy = failure.SqlState == PostgresErrorCodes.InsufficientPrivilege
                ? " The connection's user needs the right to create roles once (create role channels_tenant nologin; grant channels_tenant to <user>), or an administrator runs that."
                : "";
            throw new MigrationException($"Migration {file.Name} failed: {failure.SqlState} {failure.MessageText}.{remedy}", failure);
        }
    }

    private static async Task<Dictionary<int, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select number, checksum from schema_migration", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var applied = new Dictionary<int, string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            applied[reader.GetInt32(0)] = reader.GetString(1);
        }

        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static List<MigrationFile> Files()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string marker = ".Migrations.";
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.Contains(marker, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => Read(assembly, name, name[(name.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..]))
            .OrderBy(file => file.Number)];
    }

    private static MigrationFile Read(Assembly assembly, string resource, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        var sql = reader.ReadToEnd();
        return new MigrationFile(
            int.Parse(name[..4], CultureInfo.InvariantCulture), name, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))), sql);
    }

    private sealed record MigrationFile(int Number, string Name, string Checksum, string Sql);

    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Information, "Applying migration {Name}")]
        public static partial void Applying(ILogger logger, string name);

        [LoggerMessage(2002, LogLevel.Information, "Applied {Count} migrations")]
        public static partial void Applied(ILogger logger, int count);

        [LoggerMessage(2003, LogLevel.Information, "Waiting for another process that is bringing the database to its version; if there is none, somebody's session holds the advisory lock (pg_locks)")]
        public static partial void Waits(ILogger logger);

        [LoggerMessage(2004, LogLevel.Warning, "Migration {Name} waits for a table that another session has locked, and tries again every three seconds, so that nobody waits behind it. The longest transactions of pg_stat_activity show whose; pg_terminate_backend(pid) ends one")]
        public static partial void Locked(ILogger logger, string name);
    }
}

/// <summary>The schema could not be brought to this version; the message says why and what to do.</summary>
public sealed class MigrationException(string message, Exception? innerException = null) : Exception(message, innerException);
