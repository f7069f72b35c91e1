using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Storage.Batching;
using Channels.Storage.Database;

namespace Channels.Storage.Conversations;

/// <summary>Ends turns and queues their replies, in one transaction: a turn is either still to be answered or its reply is in the outbox.</summary>
/// <remarks>The turn's row is locked first: of two that end the same turn (a short double activation, a repetition) one queues a reply.</remarks>
internal sealed class FinishTurnOperation(TurnFinish finish, DateTimeOffset now) : AccountOperation(finish.Conversation.Tenant, finish.Conversation.Account)
{
    private const string Finish = """
        with f as materialized (
          select f.*
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::boolean[], $10::timestamptz[])
            as f (tenant_id, account_id, conversation_id, turn_id, reply_id, text, reply_to, reason, agent_failed, now)
          join turn t on t.tenant_id = f.tenant_id and t.account_id = f.account_id and t.conversation_id = f.conversation_id and t.message_id = f.turn_id
          for update of t),
        replies as (
          insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, reason, occurred_at)
          select tenant_id, account_id, reply_id, conversation_id, true, 1, 'message.text', text, 'queued', reason, now from f where reply_id is not null),
        queued as (
          insert into outbox (tenant_id, account_id, message_id, conversation_id, reply_to, state, attempts, next_attempt_at)
          select tenant_id, account_id, reply_id, conversation_id, reply_to, 0, 0, now from f where reply_id is not null),
        reasons as (
          update transcript t set reason = f.reason from f
          where f.reason is not null and t.tenant_id = f.tenant_id and t.account_id = f.account_id and t.id = f.turn_id),
        conversations as (
          update conversation c set last_message_at = greatest(c.last_message_at, n.now)
          from (select tenant_id, conversation_id, max(now) as now from f where reply_id is not null group by tenant_id, conversation_id) as n
          where c.tenant_id = n.tenant_id and c.id = n.conversation_id),
        errors as (
          insert into channel_counter as c (tenant_id, account_id, last_error, last_error_at)
          select distinct on (tenant_id, account_id) tenant_id, account_id, reason, now from f where agent_failed order by tenant_id, account_id, now desc
          on conflict (tenant_id, account_id) do update set last_error = excluded.last_error, last_error_at = excluded.last_error_at)
        select turn_id from f
        """;

    private const string Forget = """
        delete from turn t
        using unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as f (tenant_id, account_id, conversation_id, turn_id)
        where t.tenant_id = f.tenant_id and t.account_id = f.account_id and t.conversation_id = f.conversation_id and t.message_id = f.turn_id
        """;

    /// <summary>Whether this call ended it.</summary>
    public bool Ended { get; private set; }

    public override int Order => 3;

    public override long Bytes => 512 + (finish.Reply?.Text.Length ?? 0);

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        // The same turn twice in one transaction would find it unended twice.
        var operations = same.Cast<FinishTurnOperation>().DistinctBy(operation => operation.Of.Turn).ToList();
        var byTurn = operations.ToDictionary(operation => operation.Of.Turn.Value);
        return
        [
            Statement.Of(
                Finish,
                reader => byTurn[reader.GetGuid(0)].Ended = true,
                Columns.Uuids(operations, operation => operation.Tenant.Value),
                Columns.Uuids(operations, operation => operation.Account.Value),
                Columns.Uuids(operations, operation => operation.Of.Conversation.Conversation.Value),
                Columns.Uuids(operations, operation => operation.Of.Turn.Value),
                Columns.Of(operations, operation => operation.Of.Reply?.Id.Value, NpgsqlTypes.NpgsqlDbType.Uuid),
                Columns.Texts(operations, operation => operation.Of.Reply?.Text),
                Columns.Texts(operations, operation => operation.Of.Reply?.ReplyTo),
                Columns.Texts(operations, operation => operation.Of.Reason),
                Columns.Booleans(operations, operation => operation.Of.AgentFailed),
                Columns.Times(operations, operation => operation.Now)),
            Statement.Of(
                Forget,
                Columns.Uuids(operations, operation => operation.Tenant.Value),
                Columns.Uuids(operations, operation => operation.Account.Value),
                Columns.Uuids(operations, operation => operation.Of.Conversation.Conversation.Value),
                Columns.Uuids(operations, operation => operation.Of.Turn.Value)),
        ];
    }

    private TurnFinish Of => finish;

    private DateTimeOffset Now => now;
}
