using Npgsql;

namespace Channels.Storage.Journal;

/// <summary>What the database says of the journal beside it.</summary>
/// <param name="Journal">Which journal is this database's: files of another one are not moved into it.</param>
/// <param name="Moved">The number of the last batch that is in the table. It rises in the transaction that brings the batch, so each comes once, whatever crashes.</param>
public sealed record JournalPosition(Guid Journal, long Moved)
{
    private const string Question = "select id, moved from inbox_journal";

    /// <summary>Asks.</summary>
    public static async Task<JournalPosition> ReadAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Question);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new JournalPosition(row.GetGuid(0), row.GetInt64(1));
    }
}
