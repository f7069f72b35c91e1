using System.Text.Json;
using Channels.Core;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Journal;

/// <summary>Brings batches of the journal into the table, and with them, in one transaction, how far it has come.</summary>
internal sealed partial class JournalTable(ChannelsDatabase database, string refusedDirectory, TimeProvider clock, ILogger logger)
{
    // Nobody else moves; but who lost the answer to a commit may find that it took place.
    private const string Advance = "update inbox_journal set moved = $2 where moved = $1";

    private const string Savepoint = "row";

    /// <summary>Moves all batches of a piece, or nothing.</summary>
    /// <param name="piece">What comes next.</param>
    /// <param name="from">How far the table was before it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False when the table has come further than <paramref name="from"/> in the meantime: ask how far.</returns>
    public Task<bool> MoveAsync(JournalPiece piece, long from, CancellationToken cancellationToken) => InTransactionAsync(piece, from, async connection =>
    {
        await using var copy = await connection.BeginRawBinaryCopyAsync(Columns(), cancellationToken);
        try
        {
            await copy.WriteAsync(InboxRows.Opening, cancellationToken);
            foreach (var rows in piece.Batches)
            {
                await copy.WriteAsync(rows, cancellationToken);
            }

            await copy.WriteAsync(InboxRows.Closing, cancellationToken);
        }
        catch
        {
            // Closed without this, it would commit what it got.
            await copy.CancelAsync();
            throw;
        }
    }, cancellationToken);

    /// <summary>Moves the only batch of a piece row by row; what the table refuses even alone is kept in a file of its own, and said.</summary>
    /// <remarks>Who is acknowledged is not refused by a table without conditions; should it happen, nobody else waits for it, and nothing is thrown away.</remarks>
    /// <returns>As <see cref="MoveAsync"/>.</returns>
    public Task<bool> MoveByRowsAsync(JournalPiece piece, long from, CancellationToken cancellationToken) => InTransactionAsync(piece, from, async connection =>
    {
        foreach (var (webhook, row) in piece.Whole())
        {
            await RunAsync(connection, $"savepoint {Savepoint}", cancellationToken);
            try
            {
                await using var copy = await connection.BeginRawBinaryCopyAsync(Columns(), cancellationToken);
                await copy.WriteAsync(InboxRows.Opening, cancellationToken);
                await copy.WriteAsync(row, cancellationToken);
                await copy.WriteAsync(InboxRows.Closing, cancellationToken);
            }
            catch (Exception failure) when (StoreFaults.RefusalOf(failure) is { } state)
            {
                await RunAsync(connection, $"rollback to savepoint {Savepoint}", cancellationToken);
                Keep(webhook, state);
            }

            await RunAsync(connection, $"release savepoint {Savepoint}", cancellationToken);
        }
    }, cancellationToken);

    private async Task<bool> InTransactionAsync(JournalPiece piece, long from, Func<NpgsqlConnection, Task> bring, CancellationToken cancellationToken)
    {
        await using var connection = await database.Pipeline.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // First: it waits for whoever still commits the same.
        await using (var advance = new NpgsqlCommand(Advance, connection, transaction))
        {
            advance.Parameters.Add(new NpgsqlParameter { Value = from });
            advance.Parameters.Add(new NpgsqlParameter { Value = piece.Last });
            if (await advance.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }

        await bring(connection);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private string Columns() => PostgresInbox.Copying[InboxSlots.At(clock.GetUtcNow())];

    private void Keep(InboundWebhook webhook, string state)
    {
        Directory.CreateDirectory(refusedDirectory);
        var path = Path.Combine(refusedDirectory, $"{webhook.Id.Value}.json");
        using (var file = new FileStream(path, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, new
            {
                tenant_id = webhook.Tenant.Value,
                channel_id = webhook.Account.Value,
                id = webhook.Id.Value,
                received_at = webhook.ReceivedAt,
                path = webhook.Path,
                body = webhook.Body.ToArray(),
                refused_with = state,
            });
            file.Flush(flushToDisk: true);
        }

        DiskSync.Directory(refusedDirectory);
        Log.Refused(logger, webhook.Id.Value, webhook.Account, state, path);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(2331, LogLevel.Error, "The table refuses an acknowledged webhook ({Id}, channel {Account}, {SqlState}); it is kept in {File}, its body in base64. Post that to the channel's webhook address once what refuses it is mended")]
        public static partial void Refused(ILogger logger, Guid id, Core.Ids.AccountId account, string sqlState, string file);
    }
}
