using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Batching;

/// <summary>The message path's only writer after the inbox: every step of every account, many to a transaction.</summary>
/// <remarks>
/// An account always has the same lane and a lane has one connection, so all writes about an account are in order and two lanes never touch
/// the same row: no deadlocks between batches. Each kind of operation brings its own statements; they run in the order of <see cref="Order"/>.
/// </remarks>
internal sealed class AccountWriter : IAsyncDisposable
{
    /// <summary>Bytes of one tenant in a transaction that it shares with others.</summary>
    private const long Helping = 48 << 10;

    /// <summary>The same while some of them send little: each of their messages goes through three transactions, and finds one under way each time.</summary>
    private const long HelpingBesideOthers = 12 << 10;

    private readonly GroupCommit<AccountOperation>[] _lanes;

    public AccountWriter(ChannelsDatabase database, IInboxPressure pressure, ILogger<AccountWriter> logger)
    {
        // Callers wait for their operation before they bring the next, so the queue is bounded by them.
        var limits = new GroupCommitLimits(Workers: 1, Enough: 1, Items: 512, Bytes: 4 << 20, Queue: int.MaxValue)
        {
            Helping = () => pressure.OthersAreAbout ? HelpingBesideOthers : Helping,
        };
        _lanes = [.. database.Writers.Select(lane => new GroupCommit<AccountOperation>(limits, (operations, cancellationToken) => CommitAsync(lane, operations, cancellationToken), logger))];
    }

    /// <summary>Returns once the operation is committed; its results are in it.</summary>
    public async Task RunAsync(AccountOperation operation, CancellationToken cancellationToken)
    {
        var lane = (uint)operation.Account.GetHashCode() % _lanes.Length;
        if (!_lanes[lane].TryAdd(operation))
        {
            throw new Core.StoreUnavailableException("The process is stopping.");
        }

        await operation.Done.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_lanes.Select(lane => lane.DisposeAsync().AsTask()));

    private static async Task CommitAsync(NpgsqlDataSource lane, IReadOnlyList<AccountOperation> operations, CancellationToken cancellationToken)
    {
        await using var connection = await lane.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        var readers = new List<Action<NpgsqlDataReader>>();
        foreach (var group in operations.GroupBy(operation => operation.GetType()).OrderBy(group => group.First().Order))
        {
            var same = group.ToList();
            foreach (var statement in same[0].Statements(same))
            {
                batch.BatchCommands.Add(statement.Command);
                if (statement.Read is not null)
                {
                    readers.Add(statement.Read);
                }
            }
        }

        // No explicit transaction: the commands of one batch are one. The reader stops only at commands that return rows.
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        foreach (var read in readers)
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                read(reader);
            }

            await reader.NextResultAsync(cancellationToken);
        }
    }
}

/// <summary>Something to write about one account.</summary>
internal abstract class AccountOperation(TenantId tenant, AccountId account) : GroupItem(tenant)
{
    /// <summary>Which account.</summary>
    public AccountId Account { get; } = account;

    /// <summary>Its place in a transaction that holds several kinds of operations.</summary>
    public abstract int Order { get; }

    /// <summary>The statements for all operations of this kind in one transaction, in order. Called on the first of them.</summary>
    public abstract IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same);
}

/// <summary>One command of a batch, and what to do with each row it returns. A command without <see cref="Read"/> must not return rows: results are told apart by their order.</summary>
internal sealed record Statement(NpgsqlBatchCommand Command, Action<NpgsqlDataReader>? Read)
{
    /// <summary>A statement that returns no rows.</summary>
    public static Statement Of(string sql, params NpgsqlParameter[] parameters) => new(Make(sql, parameters), null);

    /// <summary>A statement that returns rows, read one by one.</summary>
    public static Statement Of(string sql, Action<NpgsqlDataReader> read, params NpgsqlParameter[] parameters) => new(Make(sql, parameters), read);

    private static NpgsqlBatchCommand Make(string sql, NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
