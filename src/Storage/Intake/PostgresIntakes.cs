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
        select cursor, due_at, code, failures, code_since, health::text, health_at, code_before from intake where tenant_id = $1 and account_id = $2
        """;

    private const string Save = """
        insert into intake (tenant_id, account_id, cursor, due_at, code, failures, code_since, health, health_at, code_before)
        select $1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10
        where exists (select from account where tenant_id = $1 and id = $2 and deleted_at is null)
        on conflict (tenant_id, account_id) do update
        set cursor = excluded.cursor, due_at = excluded.due_at, code = excluded.code, failures = excluded.failures, code_since = excluded.code_since,
            health = excluded.health, health_at = excluded.health_at, code_before = excluded.code_before
        """;

    private const string Gap = """
        select coalesce((select sum(upper(gap) - lower(gap)) from unnest(missing) as gap), 0)::bigint, missing_since from update_sequence where tenant_id = $1 and account_id = $2
        """;

    /// <inheritdoc/>
    public Task<AccountIntake?> LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Load);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new AccountIntake(row.TextOrNull(0), row.TimeOrNull(1), row.TextOrNull(2), row.GetInt32(3))
            {
                CodeSince = row.TimeOrNull(4),
                FactsJson = row.TextOrNull(5),
                HealthAt = row.TimeOrNull(6),
                CodeBefore = row.TextOrNull(7),
            }
            : null;
    });

    /// <inheritdoc/>
    public Task<UpdateGap> ReadGapAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Gap);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new UpdateGap(row.GetInt64(0), row.TimeOrNull(1)) : default;
    });

    /// <inheritdoc/>
    public Task SaveAsync(TenantId tenant, AccountId account, AccountIntake intake, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Save);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        command.Parameters.Add(Text(intake.Cursor));
        command.Parameters.Add(Time(intake.DueAt));
        command.Parameters.Add(Text(intake.Code));
        command.Parameters.Add(new() { Value = intake.Failures });
        command.Parameters.Add(Time(intake.CodeSince));
        command.Parameters.Add(Text(intake.FactsJson));
        command.Parameters.Add(Time(intake.HealthAt));
        command.Parameters.Add(Text(intake.CodeBefore));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    private static NpgsqlParameter Time(DateTimeOffset? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)Scrub.CleanOrNull(value) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };
}
