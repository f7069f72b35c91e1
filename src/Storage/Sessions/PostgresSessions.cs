using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Sessions;
using Channels.Core.Text;
using Channels.Storage.Database;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Sessions;

/// <summary>Sessions in Postgres: one row an account, replaced by its grain at every change and every look.</summary>
internal sealed class PostgresSessions(ChannelsDatabase database) : ISessionStore
{
    private const string Load = """
        select status, since, code, reason, next_step, wanted, own_id, attempts, dropped_at, due_at, gateway_fault from session where tenant_id = $1 and account_id = $2
        """;

    private const string Save = """
        insert into session (tenant_id, account_id, status, since, code, reason, next_step, wanted, own_id, attempts, dropped_at, due_at, gateway_fault)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
        where exists (select from account where tenant_id = $1 and id = $2 and deleted_at is null)
        on conflict (tenant_id, account_id) do update
        set status = excluded.status, since = excluded.since, code = excluded.code, reason = excluded.reason, next_step = excluded.next_step,
            wanted = excluded.wanted, own_id = excluded.own_id, attempts = excluded.attempts, dropped_at = excluded.dropped_at, due_at = excluded.due_at,
            gateway_fault = excluded.gateway_fault
        """;

    /// <inheritdoc/>
    public Task<Session?> LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Load);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new Session(
                StatusWords.FromWord<SessionStatus>(row.GetString(0)) ?? SessionStatus.Failed, row.GetFieldValue<DateTimeOffset>(1), row.TextOrNull(2),
                row.TextOrNull(3), row.TextOrNull(4), row.GetBoolean(5), row.TextOrNull(6), row.GetInt32(7), row.TimeOrNull(8), row.TimeOrNull(9),
                row.GetBoolean(10))
            : null;
    });

    /// <inheritdoc/>
    public Task SaveAsync(TenantId tenant, AccountId account, Session session, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Save);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        command.Parameters.Add(new() { Value = session.Status.ToWord() });
        command.Parameters.Add(Moment(session.Since));
        command.Parameters.Add(Text(session.Code));
        command.Parameters.Add(Text(session.Reason));
        command.Parameters.Add(Text(session.NextStep));
        command.Parameters.Add(new() { Value = session.Wanted });
        command.Parameters.Add(Text(session.OwnId));
        command.Parameters.Add(new() { Value = session.Attempts });
        command.Parameters.Add(Moment(session.DroppedAt));
        command.Parameters.Add(Moment(session.DueAt));
        command.Parameters.Add(new() { Value = session.GatewayFault });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)Scrub.CleanOrNull(value) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Moment(DateTimeOffset? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}
