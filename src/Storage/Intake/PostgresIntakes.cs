using Channels.Core.Ids;
using Channels.Core.Intake;
using Channels.Core.Text;
using Channels.Storage.Database;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Intake;

/// <summary>Intakes in Postgres: one row an account, replaced by its grain after every look and every batch.</summary>
internal sealed class PostgresIntakes(ChannelsDatabase database) : IIntakeStore
{
    private const string Load = """
        select cursor, due_at, code, failures from intake where tenant_id = $1 and account_id = $2
        """;

    private const string Save = """
        insert into intake (tenant_id, account_id, cursor, due_at, code, failures)
        select $1, $2, $3, $4, $5, $6
        where exists (select from account where tenant_id = $1 and id = $2 and deleted_at is null)
        on conflict (tenant_id, account_id) do update
        set cursor = excluded.cursor, due_at = excluded.due_at, code = excluded.code, failures = excluded.failures
        """;

    /// <inheritdoc/>
    public Task<AccountIntake?> LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Load);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new AccountIntake(row.TextOrNull(0), row.TimeOrNull(1), row.TextOrNull(2), row.GetInt32(3)) : null;
    });

    /// <inheritdoc/>
    public Task SaveAsync(TenantId tenant, AccountId account, AccountIntake intake, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Save);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        command.Parameters.Add(Text(intake.Cursor));
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)intake.DueAt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(Text(intake.Code));
        command.Parameters.Add(new() { Value = intake.Failures });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)Scrub.CleanOrNull(value) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };
}
