using Channels.Core.History;
using Channels.Core.Ids;
using Channels.Core.Text;
using Channels.Storage.Database;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.History;

/// <summary>Imports of history in Postgres: one row each, replaced by its grain after every page.</summary>
internal sealed class PostgresHistoryImports(ChannelsDatabase database) : IHistoryImports
{
    internal const string Find = """
        select id, strategy, most, state, read, cursor, reason, next_step, failures, started_at, updated_at, ended_at
        from history_import where tenant_id = $1 and account_id = $2 order by id desc limit 1
        """;

    // What has ended stays as it ended: a page that was being saved while somebody cancelled may come later than the cancellation.
    private const string Save = """
        insert into history_import (tenant_id, account_id, id, strategy, most, state, read, cursor, reason, next_step, failures, started_at, updated_at, ended_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
        where exists (select from account where tenant_id = $1 and id = $2 and deleted_at is null)
        on conflict (tenant_id, account_id, id) do update
        set state = excluded.state, read = excluded.read, cursor = excluded.cursor, reason = excluded.reason, next_step = excluded.next_step, failures = excluded.failures,
            updated_at = excluded.updated_at, ended_at = excluded.ended_at
        where history_import.state = 0
        """;

    /// <inheritdoc/>
    public Task<HistoryImport?> FindAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Find);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    });

    /// <inheritdoc/>
    public Task SaveAsync(TenantId tenant, AccountId account, HistoryImport import, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Save);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        command.Parameters.Add(new() { Value = import.Id });
        command.Parameters.Add(new() { Value = (short)import.Strategy });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)import.Most ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = (short)import.State });
        command.Parameters.Add(new() { Value = import.Read });
        command.Parameters.Add(Text(import.Cursor));
        command.Parameters.Add(Text(import.Reason));
        command.Parameters.Add(Text(import.NextStep));
        command.Parameters.Add(new() { Value = import.Failures });
        command.Parameters.Add(new() { Value = import.StartedAt });
        command.Parameters.Add(new() { Value = import.UpdatedAt });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)import.EndedAt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    internal static HistoryImport Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), (HistoryStrategy)row.GetInt16(1), row.IsDBNull(2) ? null : row.GetInt32(2), (HistoryImportState)row.GetInt16(3), row.GetInt64(4),
        row.TextOrNull(5), row.TextOrNull(6), row.TextOrNull(7), row.GetInt32(8), row.GetFieldValue<DateTimeOffset>(9), row.GetFieldValue<DateTimeOffset>(10),
        row.TimeOrNull(11));

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)Scrub.CleanOrNull(value) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };
}
