using Channels.Core;
using Npgsql;

namespace Channels.Storage.Database;

/// <summary>The connections of one process: requests use <see cref="Requests"/>, the message path's batches pools of their own, its single statements <see cref="Pipeline"/>.</summary>
/// <remarks>
/// The pipeline's statements join short arrays with tables by primary key. Planned from stale statistics of tables that fill and empty all day,
/// they could turn into scans; therefore its connections know index look-ups only, and plan each statement once.
/// That does not keep the planner from walking a whole index for each batch when a vacuum has just found the table empty, which is dear once there is a backlog again.
/// So a join names its table's first key column as <c>t.tenant_id = any (array[b.tenant_id])</c>: an index can look that up, but nobody gains from reading the table in its order,
/// and without that gain the planner does not consider the whole index. Where the key alone is asked for, <c>offset 0</c> or <c>limit</c> is the fence. A test plans all statements on empty tables.
/// The pools are small and each is for one thing: idle connections are used in turn, and each server process has its own plans and caches to keep warm. What a start asks for,
/// account by account, must not stand between webhooks and their commit.
/// </remarks>
public sealed class ChannelsDatabase : IAsyncDisposable
{
    /// <summary>Transactions in which webhooks are committed at once.</summary>
    internal const int MostAppends = 2;

    /// <summary>Lanes of the account writer, with a connection each.</summary>
    internal const int Lanes = 2;

    /// <summary>Reads of batches at once: two each of inboxes and of conversations.</summary>
    private const int MostReads = 4;

    /// <summary>For statements of which there may be as many as accounts; who finds none free waits.</summary>
    private const int MostSingles = 8;

    /// <summary>Connections of <see cref="Requests"/> where the connection string names no number: with the message path's they leave room on a server that takes 100, as servers do unless told otherwise.</summary>
    internal const int MostRequests = 50;

    private const string MaxPoolSize = "Maximum Pool Size";

    private const string Setting = "ConnectionStrings:Channels";

    private const string PipelineSettings = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_bitmapscan=off -c plan_cache_mode=force_generic_plan -c jit=off";

    /// <summary>Opens nothing yet.</summary>
    /// <param name="connectionString">Npgsql's; the pool sizes in it count per data source. Where it names none, <see cref="Requests"/> has 50 connections at most.</param>
    /// <exception cref="SettingException">It is no connection string.</exception>
    public ChannelsDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Requests = NpgsqlDataSource.Create(Tuned(connectionString, "channels"));
        Appends = NpgsqlDataSource.Create(TunedForPipeline(connectionString, "channels-inbox", MostAppends));
        Writers = [.. Enumerable.Range(0, Lanes).Select(lane => NpgsqlDataSource.Create(TunedForPipeline(connectionString, $"channels-writer-{lane}", 1)))];
        Reads = NpgsqlDataSource.Create(TunedForPipeline(connectionString, "channels-reads", MostReads));
        Pipeline = NpgsqlDataSource.Create(TunedForPipeline(connectionString, "channels-pipeline", MostSingles));
    }

    /// <summary>As given.</summary>
    public string ConnectionString { get; }

    /// <summary>For whatever serves a request, and for everything else off the message path.</summary>
    public NpgsqlDataSource Requests { get; }

    /// <summary>For the transactions in which webhooks become durable.</summary>
    public NpgsqlDataSource Appends { get; }

    /// <summary>For the account writer's lanes: one connection each, so that each has all its statements planned and at hand in one server process.</summary>
    public IReadOnlyList<NpgsqlDataSource> Writers { get; }

    /// <summary>For what the message path reads in batches.</summary>
    public NpgsqlDataSource Reads { get; }

    /// <summary>For the message path's single statements, and the sweeps.</summary>
    public NpgsqlDataSource Pipeline { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Appends.DisposeAsync();
        foreach (var writer in Writers)
        {
            await writer.DisposeAsync();
        }

        await Reads.DisposeAsync();
        await Pipeline.DisposeAsync();
        await Requests.DisposeAsync();
    }

    private static string Tuned(string connectionString, string name) => Of(connectionString, name).ConnectionString;

    private static string TunedForPipeline(string connectionString, string name, int most)
    {
        var tuned = Of(connectionString, name);
        tuned.MaxPoolSize = Math.Min(tuned.MaxPoolSize, most);
        tuned.MinPoolSize = Math.Min(tuned.MinPoolSize, tuned.MaxPoolSize);

        // The message path leaves nothing behind in a session; resetting it would cost seven statements for every transaction.
        tuned.NoResetOnClose = true;
        tuned.Options = string.IsNullOrEmpty(tuned.Options) ? PipelineSettings : $"{tuned.Options} {PipelineSettings}";
        return tuned.ConnectionString;
    }

    private static NpgsqlConnectionStringBuilder Of(string connectionString, string name)
    {
        try
        {
            var tuned = new NpgsqlConnectionStringBuilder(connectionString)
            {
                ApplicationName = name,
                MaxAutoPrepare = 100,
                AutoPrepareMinUsages = 2,
                // Values would reach logs through error details.
                IncludeErrorDetail = false,
            };
            // Npgsql's own number is all that a server takes by default: when many accounts wake at once, requests would take every place and no webhook could be committed.
            tuned.MaxPoolSize = tuned.ShouldSerialize(MaxPoolSize) ? tuned.MaxPoolSize : Math.Max(MostRequests, tuned.MinPoolSize);
            return tuned;
        }
        catch (Exception unreadable) when (unreadable is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            // Without what was found: a missing semicolon makes the password a part of the value before it.
            throw new SettingException(Setting, "is no connection string. It must be of the form Host=db;Port=5432;Database=channels;Username=channels;Password=secret, each keyword one of Npgsql's.");
        }
    }
}
