using Npgsql;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Channels;

/// <summary>The columns of a channel and how a row becomes <see cref="ChannelDetails"/>.</summary>
internal static class ChannelRows
{
    /// <summary>What is shown of an active account whose connector <c>c</c> is not.</summary>
    public const string StatusOfConnector = "case c.status when 'error' then 'error' when 'disabled' then 'inactive' when 'archived' then 'inactive' else 'connecting' end";

    /// <summary>The status people see: an account is active only while its connector is.</summary>
    public const string Status = $"case when a.status = 'active' and c.status <> 'active' then {StatusOfConnector} else a.status end";

    /// <summary>In the order <see cref="Read"/> takes them; <c>a</c> is the account, <c>c</c> its connector.</summary>
    public const string Columns = $"""
        a.id, a.connector_id, c.kind, a.name, a.identity, {Status}, coalesce(a.status_code, c.status_code), coalesce(a.status_reason, c.status_reason),
        a.next_step, a.status_since, a.org_unit_id, a.intake_flow_id, c.settings::text, c.secrets is not null, a.agent::text, a.policy::text,
        a.activated_at, a.created_at, greatest(a.updated_at, c.updated_at)
        """;

    public static ChannelDetails Read(NpgsqlDataReader row) => new(
        new AccountId(row.GetGuid(0)), new ConnectorId(row.GetGuid(1)), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.Text(6),
        row.Text(7), row.Text(8), row.GetFieldValue<DateTimeOffset>(9), row.Id(10), row.Id(11), JsonText.Parse(row.GetString(12)), row.GetBoolean(13),
        JsonText.Parse(row.GetString(14)), PolicyJson.Read(JsonText.Parse(row.GetString(15))), row.Moment(16), row.GetFieldValue<DateTimeOffset>(17),
        row.GetFieldValue<DateTimeOffset>(18));
}
