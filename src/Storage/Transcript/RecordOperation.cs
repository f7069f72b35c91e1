using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Channels.Storage.Media;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Transcript;

/// <summary>Records drained batches: messages without duplicates, turns, receipts, edits, names, own echoes; and ends their inbox rows.</summary>
/// <remarks>Message path, step 4 of 6. The batch is safe to repeat: what is recorded already meets its key, what is finished already is gone.</remarks>
internal sealed class RecordOperation(AccountBatch batch, DateTimeOffset now, DateTimeOffset takeoverUntil) : AccountOperation(batch.Tenant, batch.Account)
{
    /// <summary>How far a message's row may lie from the time its provider gives it: clocks differ, and what was told late was recorded late.</summary>
    private static readonly TimeSpan NearBefore = TimeSpan.FromHours(1);
    private static readonly TimeSpan NearAfter = TimeSpan.FromDays(2);

    private readonly HashSet<MessageId> _fresh = [];
    private readonly List<ConversationId> _takeovers = [];
    private readonly HashSet<ConversationId> _outdated = [];
    private bool _echoesHeld;

    public override int Order => 1;

    public override long Bytes => 512 + batch.Messages.Sum(message => 400L + ((message.Text?.Length + message.DetailsJson?.Length) ?? 0));

    public RecordResult Result => new([.. _fresh], _echoesHeld, [.. _takeovers], [.. _outdated]);

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        var operations = same.Cast<RecordOperation>().ToList();
        operations.ForEach(operation => operation.Forget());
        return
        [
            .. Messages(operations),
            .. Files(operations),
            .. EchoStatements(operations),
            .. Updates(operations),
            .. Effects(operations),
            .. Sequences(operations),
            .. Endings(operations),
        ];
    }

    // An attempt that was undone may have read results.
    private void Forget()
    {
        _fresh.Clear();
        _takeovers.Clear();
        _outdated.Clear();
        _echoesHeld = false;
    }

    private static IEnumerable<Statement> Messages(List<RecordOperation> operations)
    {
        var rows = WithoutPlaceholders(Rows(operations, operation => operation.Batch.Messages));
        if (rows.Count == 0)
        {
            yield break;
        }

        var byId = rows.ToDictionary(row => row.Item.Id.Value);
        yield return Statement.Of(
            rows.Any(row => row.Item.History) ? RecordSql.MessagesAndHistory : RecordSql.Messages,
            reader =>
            {
                var (of, item) = byId[reader.GetGuid(0)];
                of._fresh.Add(item.Id);
                if (reader.GetBoolean(1))
                {
                    of._outdated.Add(item.Conversation);
                }
            },
            Columns.Uuids(rows, row => row.Of.Tenant.Value),
            Columns.Uuids(rows, row => row.Of.Account.Value),
            Columns.Uuids(rows, row => row.Item.Id.Value),
            Columns.Uuids(rows, row => row.Item.Conversation.Value),
            Columns.Booleans(rows, row => row.Item.Outbound),
            Columns.Of(rows, row => (short)row.Item.Author, NpgsqlDbType.Smallint),
            Columns.Texts(rows, row => row.Item.Kind),
            Columns.Texts(rows, row => row.Item.ProviderMessageId),
            Columns.Texts(rows, row => row.Item.KeyClass),
            Columns.Texts(rows, row => row.Item.Revision),
            Columns.Texts(rows, row => row.Item.Text),
            Columns.Texts(rows, row => row.Item.Status),
            Columns.Texts(rows, row => row.Item.Reason),
            Columns.Texts(rows, row => row.Item.SenderId),
            Columns.Texts(rows, row => row.Item.SenderName),
            Columns.Times(rows, row => row.Item.OccurredAt),
            Columns.Texts(rows, row => row.Item.DetailsJson),
            Columns.Booleans(rows, row => row.Item.StartsTurn),
            Columns.Booleans(rows, row => row.Item.History),
            Columns.Of(rows, row => row.Item.ReceivedAt, NpgsqlDbType.TimestampTz),
            Columns.Times(rows, row => row.Of.Now),
            Columns.Uuids(rows, row => row.Item.History ? IdSource.Floor(Moved(row.Item.OccurredAt, -NearBefore)) : Guid.Empty),
            Columns.Uuids(rows, row => row.Item.History ? IdSource.Floor(Moved(row.Item.OccurredAt, NearAfter)) : Guid.Empty),
            Times(rows));
    }

    // What a message stands in for may come with it, after a while in which nothing was drained.
    private static List<(RecordOperation Of, RecordedMessage Item)> WithoutPlaceholders(List<(RecordOperation Of, RecordedMessage Item)> rows)
    {
        if (!rows.Exists(row => row.Item.Revision == EventKey.Placeholder))
        {
            return rows;
        }

        var real = rows.Where(row => row.Item is { KeyClass: "message", Revision: not EventKey.Placeholder }).Select(row => (row.Of.Account, row.Item.ProviderMessageId, row.Item.Conversation)).ToHashSet();
        return rows.FindAll(row => row.Item.Revision != EventKey.Placeholder || !real.Contains((row.Of.Account, row.Item.ProviderMessageId, row.Item.Conversation)));
    }

    // A provider may say the year 9999.
    private static DateTimeOffset Moved(DateTimeOffset moment, TimeSpan by) =>
        new(Math.Clamp(moment.UtcTicks + by.Ticks, DateTimeOffset.UnixEpoch.Ticks, DateTimeOffset.MaxValue.Ticks), TimeSpan.Zero);

    // How often each key comes, at the first row that has it: the statement may claim a key once.
    private static NpgsqlParameter Times(List<(RecordOperation Of, RecordedMessage Item)> rows)
    {
        var first = new Dictionary<(AccountId, string, ConversationId, string, string), int>(rows.Count);
        var times = new int[rows.Count];
        for (var i = 0; i < times.Length; i++)
        {
            var (of, item) = rows[i];
            ref var at = ref CollectionsMarshal.GetValueRefOrAddDefault(first, (of.Account, item.ProviderMessageId, item.Conversation, item.KeyClass, item.Revision), out var isRepeated);
            at = isRepeated ? at : i;
            times[at]++;
        }

        return Columns.Of(times, time => time, NpgsqlDbType.Integer);
    }

    private static IEnumerable<Statement> Files(List<RecordOperation> operations)
    {
        var rows = Rows(operations, operation => operation.Batch.Messages).Where(row => row.Item.Fetch is not null).ToList();
        if (rows.Count > 0)
        {
            yield return Statement.Of(
                RecordSql.Files,
                Columns.Uuids(rows, row => row.Of.Tenant.Value),
                Columns.Uuids(rows, row => row.Of.Account.Value),
                Columns.Uuids(rows, row => row.Item.Id.Value),
                Columns.Texts(rows, row => PostgresMediaFetches.Write(row.Item.Fetch!)),
                Columns.Times(rows, row => row.Of.Now),
                Columns.Of(rows, row => row.Item.TurnWaitsUntil, NpgsqlDbType.TimestampTz));
        }
    }

    private static IEnumerable<Statement> EchoStatements(List<RecordOperation> operations)
    {
        var rows = Rows(operations, operation => operation.Batch.Echoes);
        if (rows.Count == 0)
        {
            yield break;
        }

        var byId = rows.ToDictionary(row => row.Item.Message.Id.Value, row => row.Of);
        yield return Statement.Of(
            RecordSql.Echoes,
            reader =>
            {
                var operation = byId[reader.GetGuid(0)];
                switch (reader.GetString(1))
                {
                    case "held":
                        operation._echoesHeld = true;
                        break;
                    case "takeover":
                        operation._takeovers.Add(new ConversationId(reader.GetGuid(2)));
                        break;
                }
            },
            Columns.Uuids(rows, row => row.Of.Tenant.Value),
            Columns.Uuids(rows, row => row.Of.Account.Value),
            Columns.Uuids(rows, row => row.Item.Message.Id.Value),
            Columns.Uuids(rows, row => row.Item.Message.Conversation.Value),
            Columns.Texts(rows, row => row.Item.Message.ProviderMessageId),
            Columns.Texts(rows, row => row.Item.Message.Kind),
            Columns.Of(rows, row => (short)row.Item.Message.Author, NpgsqlDbType.Smallint),
            Columns.Texts(rows, row => row.Item.Message.Text),
            Columns.Texts(rows, row => row.Item.Message.DetailsJson),
            Columns.Times(rows, row => row.Item.Message.OccurredAt),
            Columns.Times(rows, row => row.Item.Deadline),
            Columns.Booleans(rows, row => row.Item.PausesAgent),
            Columns.Times(rows, row => row.Of.TakeoverUntil),
            Columns.Uuids(rows, row => IdSource.Floor(Moved(row.Item.Message.OccurredAt, -SettleEchoesOperation.LongestWait))),
            Columns.Times(rows, row => Moved(row.Item.Message.OccurredAt, -SettleEchoesOperation.CopyWindow)));
    }

    private static IEnumerable<Statement> Updates(List<RecordOperation> operations)
    {
        var receipts = Rows(operations, operation => operation.Batch.Receipts);
        var proven = receipts.Where(row => row.Item.Ours is not null).ToList();
        if (proven.Count > 0)
        {
            yield return Statement.Of(
                RecordSql.Proven,
                Columns.Uuids(proven, row => row.Of.Tenant.Value),
                Columns.Uuids(proven, row => row.Of.Account.Value),
                Columns.Texts(proven, row => row.Item.ProviderMessageId),
                Columns.Uuids(proven, row => row.Item.Ours!.Value.Value),
                Columns.Times(proven, row => row.Of.Now));
        }

        if (receipts.Count > 0)
        {
            yield return Statement.Of(
                RecordSql.Receipts,
                Columns.Uuids(receipts, row => row.Of.Tenant.Value),
                Columns.Uuids(receipts, row => row.Of.Account.Value),
                Columns.Texts(receipts, row => row.Item.ProviderMessageId),
                Columns.Of(receipts, row => row.Item.Conversation?.Value, NpgsqlDbType.Uuid),
                Columns.Texts(receipts, row => row.Item.Status),
                Columns.Texts(receipts, row => row.Item.Reason),
                Columns.Times(receipts, row => row.Of.Now));
        }

        var changes = Rows(operations, operation => operation.Batch.Changes);
        if (changes.Count > 0)
        {
            yield return Statement.Of(
                RecordSql.Changes,
                reader => changes[(int)reader.GetInt64(0) - 1].Of._outdated.Add(new ConversationId(reader.GetGuid(1))),
                Columns.Uuids(changes, row => row.Of.Tenant.Value),
                Columns.Uuids(changes, row => row.Of.Account.Value),
                Columns.Of(changes, row => row.Item.Conversation?.Value, NpgsqlDbType.Uuid),
                Columns.Texts(changes, row => row.Item.TargetProviderMessageId),
                Columns.Texts(changes, row => row.Item.NewText),
                Columns.Booleans(changes, row => row.Item.Deleted),
                Columns.Of(changes, row => row.Item.At, NpgsqlDbType.TimestampTz),
                Columns.Times(changes, row => row.Of.Now));
        }

        var contacts = Rows(operations, operation => operation.Batch.Contacts);
        if (contacts.Count > 0)
        {
            yield return Statement.Of(
                RecordSql.Contacts,
                Columns.Uuids(contacts, row => row.Of.Tenant.Value),
                Columns.Uuids(contacts, row => row.Of.Account.Value),
                Columns.Texts(contacts, row => row.Item.Alias),
                Columns.Texts(contacts, row => row.Item.Name),
                Columns.Texts(contacts, row => row.Item.AvatarUrl),
                Columns.Times(contacts, row => row.Of.Now));
        }
    }

    private static IEnumerable<Statement> Effects(List<RecordOperation> operations)
    {
        var resumptions = Rows(operations, operation => operation.Batch.Resumptions);
        if (resumptions.Count > 0)
        {
            yield return Statement.Of(
                EffectSql.Resumptions,
                Columns.Uuids(resumptions, row => row.Of.Tenant.Value),
                Columns.Uuids(resumptions, row => row.Item.Conversation.Value),
                Columns.Times(resumptions, row => row.Item.At),
                Columns.Uuids(resumptions, row => row.Item.Event));
        }

        var reach = Rows(operations, operation => operation.Batch.Reach);
        if (reach.Count > 0)
        {
            yield return Statement.Of(
                EffectSql.Reach,
                Columns.Uuids(reach, row => row.Of.Tenant.Value),
                Columns.Uuids(reach, row => row.Item.Conversation.Value),
                Columns.Times(reach, row => row.Item.At),
                Columns.Texts(reach, row => row.Item.Unreachable),
                Columns.Uuids(reach, row => row.Item.Event));
        }

        var throttles = Rows(operations, operation => operation.Batch.Throttles);
        if (throttles.Count > 0)
        {
            yield return Statement.Of(
                EffectSql.Throttles,
                Columns.Uuids(throttles, row => row.Of.Tenant.Value),
                Columns.Uuids(throttles, row => row.Of.Account.Value),
                Columns.Times(throttles, row => row.Item.Until),
                Columns.Booleans(throttles, row => row.Item.Holds),
                Columns.Texts(throttles, row => row.Item.Reason),
                Columns.Uuids(throttles, row => row.Item.Event));
        }
    }

    private static IEnumerable<Statement> Sequences(List<RecordOperation> operations)
    {
        var counted = Rows(operations, operation => operation.Batch.Counted);
        if (counted.Count > 0)
        {
            yield return Statement.Of(
                SequenceSql.Advance,
                Columns.Uuids(counted, row => row.Of.Tenant.Value),
                Columns.Uuids(counted, row => row.Of.Account.Value),
                Columns.Of(counted, row => row.Item.Number, NpgsqlDbType.Bigint),
                Columns.Times(counted, row => row.Item.At));
        }
    }

    private static IEnumerable<Statement> Endings(List<RecordOperation> operations)
    {
        var parked = Rows(operations, operation => operation.Batch.Parked);
        if (parked.Count > 0)
        {
            yield return Statement.Of(
                RecordSql.Parked,
                Columns.Uuids(parked, row => row.Of.Tenant.Value),
                Columns.Uuids(parked, row => row.Of.Account.Value),
                Columns.Uuids(parked, row => row.Item.Id.Value),
                Columns.Texts(parked, row => row.Item.Reason),
                Columns.Times(parked, row => row.Of.Now));
        }

        var finished = Rows(operations, operation => operation.Batch.Finished);
        if (finished.Count > 0)
        {
            yield return Statement.Of(
                RecordSql.Finished,
                Columns.Uuids(finished, row => row.Of.Tenant.Value),
                Columns.Uuids(finished, row => row.Of.Account.Value),
                Columns.Uuids(finished, row => row.Item.Value));
        }

        var dropped = operations.SelectMany(operation => operation.Batch.Dropped.CountBy(reason => reason), (operation, drop) => (Of: operation, Drop: drop)).ToList();
        if (dropped.Count > 0)
        {
            yield return Statement.Of(
                RecordSql.Dropped,
                Columns.Uuids(dropped, row => row.Of.Tenant.Value),
                Columns.Uuids(dropped, row => row.Of.Account.Value),
                Columns.Texts(dropped, row => row.Drop.Key),
                Columns.Of(dropped, row => row.Drop.Value, NpgsqlDbType.Integer),
                Columns.Times(dropped, row => row.Of.Now));
        }
    }

    private AccountBatch Batch => batch;

    private DateTimeOffset Now => now;

    private DateTimeOffset TakeoverUntil => takeoverUntil;

    private static List<(RecordOperation Of, TItem Item)> Rows<TItem>(List<RecordOperation> operations, Func<RecordOperation, ImmutableArray<TItem>> items)
    {
        var rows = new List<(RecordOperation, TItem)>();
        foreach (var operation in operations)
        {
            foreach (var item in items(operation))
            {
                rows.Add((operation, item));
            }
        }

        return rows;
    }
}
