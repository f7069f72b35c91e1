using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Npgsql;

namespace Channels.Storage.Inbox;

/// <summary>How many webhooks of each account were acknowledged: the ledger's other side, counted at the door.</summary>
/// <remarks>
/// Written as a row of the inbox that belongs to no tenant (the nil id for both), with <c>{"account": count, …}</c> as its path. Nobody drains it: sweeps begin
/// behind the nil id, tenants do not see it. Every second the rows are added up in the table <c>acceptance</c> and deleted, in one transaction.
/// </remarks>
internal static class Acceptances
{
    private const string Add = """
        with gone as (
          delete from inbox where tenant_id = $1 and account_id = $1 returning path),
        counted as materialized (
          select c.key::uuid as account_id, c.accepted
          from (select n.key, sum(n.value::bigint) as accepted from gone cross join lateral json_each_text(gone.path::json) as n group by n.key) as c)
        insert into acceptance as t (tenant_id, account_id, accepted)
        select a.tenant_id, a.id, c.accepted from counted c join account a on a.id = c.account_id order by a.tenant_id, a.id
        on conflict (tenant_id, account_id) do update set accepted = t.accepted + excluded.accepted
        """;

    /// <summary>The row for one COPY of webhooks; at least one. It has the id of the first: that is in no other COPY.</summary>
    public static InboundWebhook Of(IReadOnlyList<InboundWebhook> webhooks)
    {
        var counts = new Dictionary<AccountId, int>();
        foreach (var webhook in webhooks)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, webhook.Account, out _)++;
        }

        var text = new StringBuilder(64 * counts.Count);
        foreach (var (account, count) in counts)
        {
            text.Append(text.Length == 0 ? '{' : ',').Append(CultureInfo.InvariantCulture, $"\"{account.Value}\":{count}");
        }

        return new InboundWebhook(default, default, webhooks[0].Id, webhooks[0].ReceivedAt, text.Append('}').ToString(), default);
    }

    /// <summary>Adds up what has come. Several processes may do it at once: each row is added by one of them.</summary>
    public static async Task AddUpAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Add);
        command.Parameters.Add(new NpgsqlParameter { Value = Guid.Empty });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
