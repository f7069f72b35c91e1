using Npgsql;

namespace Channels.Storage.Database;

/// <summary>The connections of one process: requests use <see cref="Requests"/>, the message path's batches use <see cref="Pipeline"/>.</summary>
/// <remarks>
/// The pipeline's statements join short arrays with tables by primary key. Planned from stale statistics of tables that fill and empty all day,
/// they could turn into scans; therefore its connections know index look-ups only, and plan each statement once.
/// That does not keep the planner from walking a whole index for each batch when a vacuum has just found the table empty, which is dear once there is a backlog again.
/// So a join names its table's first key column as <c>t.tenant_id = any (array[b.tenant_id])</c>: an index can look that up, but nobody gains from reading the table in its order,
/// and without that gain the planner does not consider the whole index. Where the key alone is asked for, <c>offset 0</c> or <c>limit</c> is the fence. A test plans all statements on empty tables.
/// </remarks>
public sealed class ChannelsDatabase : IAsyncDisposable
{
    private const string PipelineSettings = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_bitmapscan=off -c plan_cache_mode=force_generic_plan -c jit=off";

    /// <summary>Opens nothing yet.</summary>
    /// <param name="connectionString">Npgsql's; the pool sizes in it count per data source.</param>
    public ChannelsDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Requests = NpgsqlDataSource.Create(Tuned(connectionString, "channels", options: null));
        Pipeline = NpgsqlDataSource.Create(Tuned(connectionString, "channels-pipeline", PipelineSettings));
    }

    /// <summary>As given.</summary>
    public string ConnectionString { get; }

    /// <summary>For whatever serves a request, and for everything else off the message path.</summary>
    public NpgsqlDataSource Requests { get; }

    /// <summary>For the message path's batching writers and readers, and the sweeps.</summary>
    public NpgsqlDataSource Pipeline { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Pipeline.DisposeAsync();
        await Requests.DisposeAsync();
    }

    private static string Tuned(string connectionString, string name, string? options)
    {
        var tuned = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = name,
            MaxAutoPrepare = 100,
            AutoPrepareMinUsages = 2,
            // Values would reach logs through error details.
            IncludeErrorDetail = false,
        };
        if (options is not null)
        {
            // The message path leaves nothing behind in a session; resetting it would cost seven statements for every transaction.
            tuned.NoResetOnClose = true;
            tuned.Options = string.IsNullOrEmpty(tuned.Options) ? options : $"{tuned.Options} {options}";
        }

        return tuned.ConnectionString;
    }
}
