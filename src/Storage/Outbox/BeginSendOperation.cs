using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using NpgsqlTypes;

namespace Channels.Storage.Outbox;

/// <summary>Records that an attempt starts. Committed before the provider is called: after a crash we may send twice, we must never forget that we sent.</summary>
internal sealed class BeginSendOperation(TenantId tenant, AccountId account, MessageId message, int attempt, bool possiblyDuplicate, DateTimeOffset now)
    : AccountOperation(tenant, account)
{
    // State 2 is an unknown outcome: it is not repeated without evidence, whatever somebody still has in memory. An attempt that has this number already is somebody else's,
    // or ours whose answer was lost: nobody can tell, and it is begun as the next one, marked, once the row was read again.
    private const string Begin = """
        with begun as (
          update outbox o
          set state = 1, attempts = b.attempt, sending_since = b.now, possibly_duplicate = o.possibly_duplicate or b.possibly_duplicate
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::boolean[], $6::timestamptz[]) as b (tenant_id, account_id, message_id, attempt, possibly_duplicate, now)
          where o.tenant_id = any (array[b.tenant_id]) and o.account_id = b.account_id and o.message_id = b.message_id
            and o.state <> 2 and o.attempts < b.attempt
          returning o.tenant_id, o.message_id, o.conversation_id)
        select b.message_id, out_of_reach_since(c.unreachable_since, c.contact_wrote_at), c.unreachable_reason
        from begun b left join conversation c on c.tenant_id = any (array[b.tenant_id]) and c.id = b.conversation_id
        """;

    /// <summary>Whether the attempt may be made.</summary>
    public SendStart Start { get; private set; }

    public override int Order => 5;

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        var operations = same.Cast<BeginSendOperation>().DistinctBy(operation => operation.Message).ToList();
        var byMessage = operations.ToDictionary(operation => operation.Message.Value);

        // An attempt that was undone may have read results.
        operations.ForEach(operation => operation.Start = default);
        return
        [
            Statement.Of(
                Begin,
                reader => byMessage[reader.GetGuid(0)].Start = new SendStart(true, reader.TimeOrNull(1), reader.TextOrNull(2)),
                Columns.Uuids(operations, operation => operation.Tenant.Value),
                Columns.Uuids(operations, operation => operation.Account.Value),
                Columns.Uuids(operations, operation => operation.Message.Value),
                Columns.Of(operations, operation => operation.Attempt, NpgsqlDbType.Integer),
                Columns.Booleans(operations, operation => operation.PossiblyDuplicate),
                Columns.Times(operations, operation => operation.Now)),
        ];
    }

    private MessageId Message => message;

    private int Attempt => attempt;

    private bool PossiblyDuplicate => possiblyDuplicate;

    private DateTimeOffset Now => now;
}
