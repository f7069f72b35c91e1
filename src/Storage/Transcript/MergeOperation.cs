using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Npgsql;

namespace Channels.Storage.Transcript;

/// <summary>Makes two conversations one, piece by piece: its messages first, and with the last of them all the rest. To be repeated until it is done.</summary>
/// <remarks>
/// In the account's own lane, behind everything else of its transaction: what is settled, ended or queued at the same moment is either done before, and moved with the rest,
/// or finds the conversation it belongs to by now. A piece is small, for the lane is that of other accounts too; after a crash the aliases lead to two conversations still, and it is begun anew.
/// </remarks>
internal sealed class MergeOperation(ConversationRef kept, ConversationId gone) : AccountOperation(kept.Tenant, kept.Account)
{
    // Keys are found by the messages that are moved: no index leads to them by their conversation alone, and an account has very many. Those of the former conversation stay until
    // their time is over, so that a repetition is known under either, also while only half is moved.
    private const string Messages = """
        with old as materialized (
          select account_id, id, provider_message_id from transcript where conversation_id = $4 and tenant_id = $1 order by id limit 1000),
        keys as (
          insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id, repeats, repeated_at)
          select k.account_id, k.provider_message_id, $3, k.key_class, k.revision, k.message_id, k.repeats, k.repeated_at
          from (select distinct provider_message_id from old where provider_message_id is not null) as o
          cross join lateral (
            select * from message_key where account_id = $2 and provider_message_id = o.provider_message_id and conversation_id = $4 offset 0) as k
          on conflict do nothing)
        update transcript t set conversation_id = $3 from old o where t.tenant_id = $1 and t.account_id = o.account_id and t.id = o.id
        """;

    // An edit or a deletion that waited in one of the two may find its message in the other.
    // No chains: who was led to the one that goes is led on, and who is kept leads nowhere, whatever was believed of it before. Fences as in RecordSql.Echoes.
    private const string Rest = $"""
        with moved as materialized (select where not exists (select from transcript where conversation_id = $4 and tenant_id = $1 offset 0)),
        aliases as (
          update conversation_alias set conversation_id = $3 where tenant_id = $1 and account_id = $2 and conversation_id = $4 and exists (select from moved)),
        turns as (
          update turn set conversation_id = $3 where tenant_id = $1 and account_id = $2 and conversation_id = $4 and exists (select from moved)),
        late as (
          update late_turn set conversation_id = $3 where conversation_id = $4 and tenant_id is not distinct from $1 and exists (select from moved)),
        replies as (
          update outbox set conversation_id = $3
          where conversation_id = $4 and tenant_id is not distinct from $1 and account_id is not distinct from $2 and exists (select from moved)),
        echoes as (
          update held_echo h set conversation_id = $3
          where h.tenant_id = $1 and h.account_id = $2 and h.conversation_id = $4 and exists (select from moved)
            and not exists (select from held_echo o where o.tenant_id = $1 and o.account_id = $2 and o.conversation_id = $3 and o.provider_message_id = h.provider_message_id)),
        early as materialized (
          select e.*, k.message_id
          from early_change e
          left join lateral (
            select k.message_id from message_key k
            where k.account_id = any (array[e.account_id]) and k.provider_message_id = e.provider_message_id and k.key_class = 'message' and k.conversation_id in ($3, $4)
            limit 1) as k on true
          where e.tenant_id = $1 and e.account_id = $2 and e.conversation_id in ($3, $4) and exists (select from moved)),
        met as (
          delete from early_change e using early
          where e.tenant_id = $1 and e.account_id = $2 and e.provider_message_id = early.provider_message_id and e.conversation_id = early.conversation_id and early.message_id is not null),
        changed as (
          update transcript t
          set text = case when c.deleted then null else coalesce(c.text, t.text) end, edited_at = coalesce(c.changed_at, t.edited_at),
              reason = case when c.deleted then '{TranscriptReasons.Deleted}' else t.reason end
          from (select distinct on (message_id) * from early where message_id is not null order by message_id, deleted desc, changed_at desc nulls last) as c
          where t.tenant_id = any (array[c.tenant_id]) and t.account_id = c.account_id and t.id = c.message_id
            and t.reason is distinct from '{TranscriptReasons.Deleted}' and (c.deleted or t.edited_at is null or t.edited_at <= c.changed_at)),
        changes as (
          update early_change e set conversation_id = $3
          from early
          where e.tenant_id = $1 and e.account_id = $2 and e.provider_message_id = early.provider_message_id and e.conversation_id = $4
            and early.message_id is null and early.conversation_id = $4
            and not exists (select from early o where o.conversation_id = $3 and o.provider_message_id = early.provider_message_id)),
        led as (
          update conversation set merged_into = $3
          where merged_into = $4 and tenant_id is not distinct from $1 and id <> $3 and id <> $4 and exists (select from moved)),
        gone as (
          update conversation set merged_into = $3 where tenant_id = $1 and id = $4 and merged_into is distinct from $3 and exists (select from moved)
          returning contact_name, last_message_at, paused_until, paused_at, resumed_at, options, contact_wrote_at, unreachable_since, unreachable_reason, reach_changed_at),
        kept as (
          update conversation c
          set merged_into = null, contact_name = coalesce(c.contact_name, gone.contact_name), last_message_at = greatest(c.last_message_at, gone.last_message_at),
              paused_until = greatest(c.paused_until, gone.paused_until), paused_at = greatest(c.paused_at, gone.paused_at),
              resumed_at = greatest(c.resumed_at, gone.resumed_at), options = coalesce(c.options, gone.options),
              contact_wrote_at = greatest(c.contact_wrote_at, gone.contact_wrote_at),
              unreachable_since = case when gone.reach_changed_at > c.reach_changed_at or c.reach_changed_at is null then gone.unreachable_since else c.unreachable_since end,
              unreachable_reason = case when gone.reach_changed_at > c.reach_changed_at or c.reach_changed_at is null then gone.unreachable_reason else c.unreachable_reason end,
              reach_changed_at = greatest(c.reach_changed_at, gone.reach_changed_at)
          from gone where c.tenant_id = $1 and c.id = $3)
        select true from moved
        """;

    /// <summary>Whether nothing is left to move.</summary>
    public bool IsDone { get; private set; }

    public override int Order => 7;

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        // Rare, so each by itself: the same conversation may be in two of them.
        foreach (var operation in same.Cast<MergeOperation>())
        {
            // An attempt that was undone may have read results.
            operation.IsDone = false;
            yield return Statement.Of(Messages, operation.Parameters());
            yield return Statement.Of(Rest, reader => operation.IsDone = reader.GetBoolean(0), operation.Parameters());
        }
    }

    private NpgsqlParameter[] Parameters() =>
    [
        new() { Value = Tenant.Value },
        new() { Value = Account.Value },
        new() { Value = kept.Conversation.Value },
        new() { Value = gone.Value },
    ];
}
