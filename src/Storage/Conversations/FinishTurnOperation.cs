using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using NpgsqlTypes;

namespace Channels.Storage.Conversations;

/// <summary>Ends turns and queues their replies, in one transaction: a turn is either still to be answered or its reply is in the outbox.</summary>
/// <remarks>
/// The turn's row is locked first: of two that end the same turn (a short double activation, a repetition) one queues a reply.
/// What only some endings bring comes in statements of its own (<see cref="FinishTurnSql"/>), so that an ordinary one costs what it always did.
/// They run before the row is deleted, and each locks it as well: they do nothing for a turn that is not there.
/// </remarks>
internal sealed class FinishTurnOperation(TurnFinish finish, DateTimeOffset now) : AccountOperation(finish.Conversation.Tenant, finish.Conversation.Account)
{
    /// <summary>What this call came to.</summary>
    public TurnEnd End { get; private set; }

    public override int Order => 3;

    public override long Bytes => 512 + finish.Replies.Sum(reply => 256L + reply.Text.Length);

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        // The same turn twice in one transaction would find it unended twice.
        var operations = same.Cast<FinishTurnOperation>().DistinctBy(operation => operation.Of.Turn).ToList();
        var byTurn = operations.ToDictionary(operation => operation.Of.Turn.Value);

        // An attempt that was undone may have read results.
        operations.ForEach(operation => operation.End = default);
        return
        [
            .. Extras(operations),
            Statement.Of(
                FinishTurnSql.Finish,
                reader => byTurn[reader.GetGuid(0)].End = new TurnEnd(Ended: true, Begun: reader.GetBoolean(1)),
                [
                    .. Keys(operations),
                    Columns.Of(operations, operation => operation.First?.Id.Value, NpgsqlDbType.Uuid),
                    Columns.Texts(operations, operation => operation.First?.Text),
                    Columns.Texts(operations, operation => operation.First?.ReplyTo),
                    Columns.Texts(operations, operation => operation.Of.Reason),
                    Columns.Booleans(operations, operation => operation.Of.AgentFailed),
                    Columns.Times(operations, operation => operation.Now),
                    Columns.Of(operations, operation => operation.Of.AskedAt, NpgsqlDbType.TimestampTz),
                    Columns.Of(operations, operation => operation.Of.Asks, NpgsqlDbType.Integer),
                    Columns.Booleans(operations, operation => operation.Of.Reserved),
                ]),
        ];
    }

    private static IEnumerable<Statement> Extras(List<FinishTurnOperation> operations)
    {
        var explained = operations.Where(operation => operation.Of.Reason is not null || operation.First is null).ToList();
        if (explained.Count > 0)
        {
            yield return Statement.Of(
                FinishTurnSql.Reasons,
                [
                    .. Keys(explained),
                    Columns.Texts(explained, operation => operation.Of.Reason),
                    Columns.Booleans(explained, operation => operation.First is not null),
                    Columns.Times(explained, operation => operation.Now),
                    Columns.Of(explained, operation => operation.Of.AskedAt, NpgsqlDbType.TimestampTz),
                    Columns.Of(explained, operation => operation.Of.Asks, NpgsqlDbType.Integer),
                ]);
        }

        var parts = operations.SelectMany(operation => operation.Of.Replies.Skip(1), (operation, part) => (Of: operation, Part: part)).ToList();
        if (parts.Count > 0)
        {
            yield return Statement.Of(
                FinishTurnSql.MoreParts,
                [
                    .. Keys(parts, part => part.Of),
                    Columns.Uuids(parts, part => part.Part.Id.Value),
                    Columns.Texts(parts, part => part.Part.Text),
                    Columns.Texts(parts, part => part.Of.Of.Reason),
                    Columns.Times(parts, part => part.Of.Now),
                ]);
        }

        var others = operations.SelectMany(operation => operation.Of.Turns.Skip(1), (operation, turn) => (Of: operation, Turn: turn)).ToList();
        if (others.Count > 0)
        {
            yield return Statement.Of(
                FinishTurnSql.RestOfBurst,
                [
                    .. Keys(others, other => other.Of),
                    Columns.Uuids(others, other => other.Turn.Value),
                    Columns.Texts(others, other => other.Of.Of.Reason),
                    Columns.Booleans(others, other => other.Of.First is not null),
                    Columns.Times(others, other => other.Of.Now),
                ]);
        }

        var handOvers = operations.Where(operation => operation.Of.HandOver is not null).ToList();
        if (handOvers.Count > 0)
        {
            yield return Statement.Of(
                FinishTurnSql.HandOver,
                [
                    .. Keys(handOvers),
                    Columns.Uuids(handOvers, operation => operation.Of.HandOver!.Event),
                    Columns.Texts(handOvers, operation => operation.Of.HandOver!.Reason),
                    Columns.Times(handOvers, _ => AgentPause.UntilResumed),
                    Columns.Times(handOvers, operation => operation.Now),
                ]);
        }

        var offers = operations.Where(operation => operation.Of.Options is not null).ToList();
        if (offers.Count > 0)
        {
            yield return Statement.Of(FinishTurnSql.Offer, [.. Keys(offers), Columns.Texts(offers, operation => Json(operation.Of.Options!.Value))]);
        }

        var late = operations.Where(operation => operation.Of.Late is not null).ToList();
        if (late.Count > 0)
        {
            yield return Statement.Of(
                FinishTurnSql.Late,
                [
                    .. Keys(late),
                    Columns.Of(late, operation => (short)operation.Of.Late!.State, NpgsqlDbType.Smallint),
                    Columns.Times(late, operation => operation.Of.Late!.AnswerBy),
                    Columns.Of(late, operation => operation.Of.Late!.AnswerHash, NpgsqlDbType.Bytea),
                ]);
        }
    }

    private static Npgsql.NpgsqlParameter[] Keys(List<FinishTurnOperation> operations) => Keys(operations, operation => operation);

    // Which turn: the first four parameters of every statement here.
    private static Npgsql.NpgsqlParameter[] Keys<TItem>(List<TItem> items, Func<TItem, FinishTurnOperation> of) =>
    [
        Columns.Uuids(items, item => of(item).Tenant.Value),
        Columns.Uuids(items, item => of(item).Account.Value),
        Columns.Uuids(items, item => of(item).Of.Conversation.Conversation.Value),
        Columns.Uuids(items, item => of(item).Of.Turn.Value),
    ];

    private static string? Json(ImmutableArray<string> options) => options.IsEmpty ? null : JsonSerializer.Serialize(options.AsEnumerable());

    private TurnFinish Of => finish;

    private DateTimeOffset Now => now;

    private QueuedReply? First => finish.Replies.IsEmpty ? null : finish.Replies[0];
}
