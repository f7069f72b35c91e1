using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Storage.Batching;
using Channels.Storage.Database;

namespace Channels.Storage.Conversations;

/// <summary>Keeps turns open until their answer comes or the time is over. Safe to repeat.</summary>
internal sealed class OpenTurnOperation(TurnOpening opening) : AccountOperation(opening.Conversation.Tenant, opening.Conversation.Account)
{
    // All messages of a burst get the same moment: after a restart that tells what belongs together.
    private const string Open = """
        with o as materialized (
          select o.*
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[])
            as o (tenant_id, account_id, conversation_id, turn_id, message_id, answer_by, asked_at)
          join turn t on t.tenant_id = any (array[o.tenant_id]) and t.account_id = o.account_id and t.conversation_id = o.conversation_id and t.message_id = o.turn_id
          for update of t),
        marked as (
          update turn t set answer_by = o.answer_by, asked_at = coalesce(t.asked_at, o.asked_at) from o
          where t.tenant_id = any (array[o.tenant_id]) and t.account_id = o.account_id and t.conversation_id = o.conversation_id and t.message_id = o.message_id)
        insert into late_turn (tenant_id, turn_id, account_id, conversation_id, state, answer_by)
        select tenant_id, turn_id, account_id, conversation_id, 0, answer_by from o where message_id = turn_id
        on conflict (tenant_id, turn_id) do update set answer_by = excluded.answer_by
        returning turn_id
        """;

    /// <summary>Whether the turn was there to be kept.</summary>
    public bool IsOpen { get; private set; }

    public override int Order => 3;

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        var operations = same.Cast<OpenTurnOperation>().DistinctBy(operation => operation.Of.Turn).ToList();

        // An attempt that was undone may have read results.
        operations.ForEach(operation => operation.IsOpen = false);
        var byTurn = operations.ToDictionary(operation => operation.Of.Turn.Value);
        var rows = operations.SelectMany(operation => operation.Of.Turns, (operation, turn) => (operation.Of, Turn: turn)).ToList();
        yield return Statement.Of(
            Open,
            reader => byTurn[reader.GetGuid(0)].IsOpen = true,
            Columns.Uuids(rows, row => row.Of.Conversation.Tenant.Value),
            Columns.Uuids(rows, row => row.Of.Conversation.Account.Value),
            Columns.Uuids(rows, row => row.Of.Conversation.Conversation.Value),
            Columns.Uuids(rows, row => row.Of.Turn.Value),
            Columns.Uuids(rows, row => row.Turn.Value),
            Columns.Times(rows, row => row.Of.AnswerBy),
            Columns.Of(rows, row => row.Of.AskedAt, NpgsqlTypes.NpgsqlDbType.TimestampTz));
    }

    private TurnOpening Of => opening;
}
