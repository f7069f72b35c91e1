using Npgsql;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Channels;

/// <summary>The columns of a channel and how a row becomes <see cref="ChannelDetails"/>.</summary>
internal static class ChannelRows
{
    // What keeps the connector from working is what keeps the account from it, and is told first: code, reason, since when, what to do.
    private const string IsConnectors = "(a.status in ('active', 'connecting') and c.status = 'error' or a.status = 'active' and c.status <> 'active')";

    /// <summary>In the order <see cref="Read"/> takes them; <c>a</c> is the account, <c>c</c> its connector. The status is the one people see: an account is active only while its connector is.</summary>
    public const string Columns = $"""
        a.id, a.connector_id, c.kind, a.name, a.identity, a.shown_status,
        case when {IsConnectors} then c.status_code else coalesce(a.status_code, c.status_code) end,
        case when {IsConnectors} then c.status_reason else coalesce(a.status_reason, c.status_reason) end,
        case when not {IsConnectors} then a.next_step when c.status in ('disabled', 'archived') then 'Activate the channel to send again.' end,
        case when {IsConnectors} then c.status_since else a.status_since end, a.org_unit_id, a.intake_flow_id, c.settings::text, c.secrets is not null, a.agent::text, a.policy::text,
        a.activated_at, a.created_at, greatest(a.updated_at, c.updated_at),
        a.held_until, a.held_reason, a.slowed_until, a.slowed_reason,
        (select i.health::text from intake i where i.tenant_id = a.tenant_id and i.account_id = a.id), (select i.health_at from intake i where i.tenant_id = a.tenant_id and i.account_id = a.id),
        (select i.code_since from intake i where i.tenant_id = a.tenant_id and i.account_id = a.id and a.status_code in (i.code, i.code_before) and not {IsConnectors}),
        (select t.suspended_at from tenant t where t.id = a.tenant_id)
        """;

    /// <summary>How many <see cref="Columns"/> are.</summary>
    public const int Count = 27;

    public static ChannelDetails Read(NpgsqlDataReader row) => new(
        new AccountId(row.GetGuid(0)), new ConnectorId(row.GetGuid(1)), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.Text(6),
        row.Text(7), row.Text(8) ?? NextSteps.For(row.GetString(5), row.Text(6)), row.GetFieldValue<DateTimeOffset>(9), row.Id(10), row.Id(11), JsonText.Parse(row.GetString(12)), row.GetBoolean(13),
        JsonText.Parse(row.GetString(14)), PolicyJson.Read(JsonText.Parse(row.GetString(15))), row.Moment(16), row.GetFieldValue<DateTimeOffset>(17),
        row.GetFieldValue<DateTimeOffset>(18))
    {
        Throttle = new AccountThrottle(row.Moment(19), row.Text(20), row.Moment(21), row.Text(22)),
        Health = row.Text(23) is { } facts && row.Moment(24) is { } at ? new(JsonText.Parse(facts), at) : null,
        TroubleSince = row.Moment(25),
        TenantSuspendedAt = row.Moment(26),
    };
}
