using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using NpgsqlTypes;

namespace Channels.Storage.Conversations;

/// <summary>Queues messages that answer no turn. The same id twice queues once; what goes to a conversation that went into another belongs to that one.</summary>
internal sealed class QueueOperation(ConversationRef conversation, QueuedReply reply, Author author, DateTimeOffset now)
    : AccountOperation(conversation.Tenant, conversation.Account)
{
    private const string Queue = """
        with q as materialized (
          select q.tenant_id, q.account_id, coalesce(c.merged_into, q.conversation_id) as conversation_id, q.message_id, q.text, q.reply_to, q.author, q.now, q.kind, q.details, q.content
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::smallint[], $8::timestamptz[],
                      $9::text[], $10::text[], $11::text[])
            as q (tenant_id, account_id, conversation_id, message_id, text, reply_to, author, now, kind, details, content)
          left join conversation c on c.tenant_id = any (array[q.tenant_id]) and c.id = q.conversation_id
          where not exists (select from transcript t where t.tenant_id = q.tenant_id and t.account_id = q.account_id and t.id = q.message_id offset 0)),
        messages as (
          insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at, details)
          select tenant_id, account_id, message_id, conversation_id, true, author, kind, text, 'queued', now, details::jsonb from q),
        conversations as (
          update conversation c set last_message_at = greatest(c.last_message_at, n.now)
          from (select tenant_id, conversation_id, max(now) as now from q group by tenant_id, conversation_id) as n
          where c.tenant_id = any (array[n.tenant_id]) and c.id = n.conversation_id),
        counters as (
          insert into channel_counter as c (tenant_id, account_id, replies_queued)
          select tenant_id, account_id, count(*) from q group by tenant_id, account_id
          on conflict (tenant_id, account_id) do update set replies_queued = c.replies_queued + excluded.replies_queued)
        insert into outbox (tenant_id, account_id, message_id, conversation_id, reply_to, state, attempts, next_attempt_at, content)
        select tenant_id, account_id, message_id, conversation_id, reply_to, 0, 0, now, content::jsonb from q
        """;

    private readonly string? _content = OutboundContentJson.Write(reply.Content);

    public override int Order => 4;

    public override long Bytes => 512 + reply.Text.Length + (2 * (_content?.Length ?? 0));

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        var operations = same.Cast<QueueOperation>().DistinctBy(operation => operation.Reply.Id).ToList();
        return
        [
            Statement.Of(
                Queue,
                Columns.Uuids(operations, operation => operation.Tenant.Value),
                Columns.Uuids(operations, operation => operation.Account.Value),
                Columns.Uuids(operations, operation => operation.Reply.Conversation.Value),
                Columns.Uuids(operations, operation => operation.Reply.Id.Value),
                Columns.Texts(operations, operation => operation.Reply.Text),
                Columns.Texts(operations, operation => operation.Reply.ReplyTo),
                Columns.Of(operations, operation => (short)operation.Author, NpgsqlDbType.Smallint),
                Columns.Times(operations, operation => operation.Now),
                Columns.Texts(operations, operation => OutboundContentJson.KindOf(operation.Reply.Content)),
                Columns.Texts(operations, operation => OutboundContentJson.DetailsOf(operation.Reply.Content, operation.Reply.ReplyTo)),
                Columns.Texts(operations, operation => operation._content)),
        ];
    }

    private QueuedReply Reply => reply;

    private Author Author => author;

    private DateTimeOffset Now => now;
}
