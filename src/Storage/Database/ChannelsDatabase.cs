using Npgsql;

namespace Channels.Storage.Database;

/// <summary>The connections of one process: requests use <see cref="Requests"/>, the message path's batches use <see cref="Pipeline"/>.</summary>
/// <remarks>
/// The pipeline's statements join short arrays with tables by primary key. Planned from stale statistics of tables that fill and empty all day,
/// they could turn into scans; therefore its connections know index look-ups only, and plan each statement once.
/// That alone is not enough for the queues (inbox, turn, outbox): planned just after a vacuum has found one empty, a join begins with all of its rows, and goes on so
/// for as long as the connection lives. An index that is not asked for any key is taken where its order might help to merge, which equality allows and a comparison of
/// rows does not; therefore statements that change a queue's rows look for <c>key &gt;= wanted and key &lt;= wanted</c>.
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
