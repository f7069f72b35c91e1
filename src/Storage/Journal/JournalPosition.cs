using Npgsql;

namespace Channels.Storage.Journal;

/// <summary>What the database says of the journal beside it.</summary>
/// <param name="Journal">Which journal is this database's: files of another one are not moved into it.</param>
/// <param name="Moved">The number of the last batch that is in the table. It rises in the transaction that brings the batch, so each comes once, whatever crashes.</param>
/// <param name="IsCopied">Whether the server's log is copied elsewhere: archived, or sent to another server. Whoever sees to that counts on finding there what was acknowledged.</param>
public sealed record JournalPosition(Guid Journal, long Moved, bool IsCopied = false)
{
    private const string Question = """
        select id, moved,
               current_setting('archive_mode') <> 'off' or current_setting('synchronous_standby_names') <> '' or exists (select from pg_replication_slots) or exists (select from pg_stat_replication)
        from inbox_journal
        """;

    /// <summary>Asks.</summary>
    public static async Task<JournalPosition> ReadAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Question);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new JournalPosition(row.GetGuid(0), row.GetInt64(1), row.GetBoolean(2));
    }
}
