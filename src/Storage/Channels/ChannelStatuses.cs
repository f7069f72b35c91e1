using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Text;
using Channels.Storage.Database;
using Channels.Storage.Transcript;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Channels;

/// <summary>What the grains observe, written where people look. The pipeline's role: no tenant's request runs here.</summary>
internal sealed class ChannelStatuses(ChannelsDatabase database, IdSource ids, TimeProvider clock) : IChannelStatuses
{
    // One row in the history and one event per real change; the same status again only refreshes its reason. What is wrong beside an account that goes on working
    // is a change as well: nothing else tells of it, and it may last for months.
    private const string SetAccount = """
        with old as materialized (
          select status, status_code, connector_id from account where tenant_id = $1 and id = $2 and deleted_at is null and (status <> 'inactive' or $9) for update),
        changed as (
          update account a
          set status = $3, status_code = $4, status_reason = $5, next_step = $6, updated_at = $8,
              status_since = case when old.status <> $3 then $8 else a.status_since end,
              activated_at = case when $3 = 'active' and old.status <> 'active' then $8 else a.activated_at end
          from old where a.tenant_id = $1 and a.id = $2
          returning old.status <> $3 or $3 = 'active' and old.status_code is distinct from $4 as other),
        connector as (
          update connector c set status = 'active', status_code = null, status_reason = null, status_since = $8, updated_at = $8
          from old where $3 = 'active' and c.tenant_id = $1 and c.id = old.connector_id and c.status in ('pending', 'starting')),
        history as (
          insert into account_status_history (tenant_id, account_id, id, status, code, reason, at)
          select $1, $2, $7, $3, $4, $5, $8 from changed where other),
        events as (
          insert into event (tenant_id, id, type, account_id, data)
          select $1, $7, 'channel.account.status_changed', $2, jsonb_build_object('status', $3, 'code', $4, 'reason', $5) from changed where other)
        select other from changed
        """;

    // Its accounts carry a copy of the connector's status (migration 0028). Everybody else locks the account first and the connector then; so does this.
    private const string SetConnector = """
        with accounts as materialized (
          select 1 from account where tenant_id = $1 and connector_id = $2 and deleted_at is null order by id for no key update),
        old as materialized (
          select status from connector where tenant_id = $1 and id = $2 and status <> 'archived' and (select count(*) from accounts) >= 0 for update),
        changed as (
          update connector c
          set status = $3, status_code = $4, status_reason = $5, updated_at = $7, status_since = case when old.status <> $3 then $7 else c.status_since end
          from old where c.tenant_id = $1 and c.id = $2
          returning old.status <> $3 as other),
        events as (
          insert into event (tenant_id, id, type, data)
          select $1, $6, 'channel.connector.status_changed', jsonb_build_object('connector_id', $2, 'status', $3, 'code', $4, 'reason', $5) from changed where other)
        select other from changed
        """;

    private const string SetSuspended = """
        update tenant set suspended_at = case when $2 then coalesce(suspended_at, $4) end, suspended_reason = case when $2 then $3 end where id = $1
        """;

    /// <inheritdoc/>
    public Task<bool> SetAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken) =>
        SetAccountAsync(tenant, account, status, code, reason, nextStep, alsoInactive: true, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> ObserveAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken) =>
        SetAccountAsync(tenant, account, status, code, reason, nextStep, alsoInactive: false, cancellationToken);

    /// <inheritdoc/>
    public Task HoldAccountAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason, CancellationToken cancellationToken)
    {
        bool[] holds = [true];
        return ChangedAsync(
            EffectSql.Throttles, cancellationToken, new[] { tenant.Value }, new[] { account.Value }, new[] { until }, holds, new[] { Scrub.Clean(reason) }, new[] { ids.Next() });
    }

    /// <inheritdoc/>
    public Task<bool> SetConnectorAsync(
        TenantId tenant, ConnectorId connector, ConnectorStatus status, string? code, string? reason, CancellationToken cancellationToken) =>
        ChangedAsync(SetConnector, cancellationToken, tenant.Value, connector.Value, status.ToWord(), Text(code), Text(reason), ids.Next(), clock.GetUtcNow());

    /// <inheritdoc/>
    public Task SetTenantSuspendedAsync(TenantId tenant, bool suspended, string? reason, CancellationToken cancellationToken) =>
        ChangedAsync(SetSuspended, cancellationToken, tenant.Value, suspended, Text(reason), clock.GetUtcNow());

    private Task<bool> SetAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, bool alsoInactive, CancellationToken cancellationToken) =>
        ChangedAsync(
            SetAccount, cancellationToken, tenant.Value, account.Value, status.ToWord(), Text(code), Text(reason), Text(nextStep), ids.Next(), clock.GetUtcNow(), alsoInactive);

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)Scrub.CleanOrNull(value) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private Task<bool> ChangedAsync(string sql, CancellationToken cancellationToken, params object[] values) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        }

        return await command.ExecuteScalarAsync(cancellationToken) is true;
    });
}
