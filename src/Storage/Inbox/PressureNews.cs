using Channels.Core.Ids;
using Channels.Storage.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Inbox;

/// <summary>Tells the other processes of a cluster how busy acknowledging keeps this one, and hears the same of them: through the Postgres they share.</summary>
/// <remarks>Advice, not fact: what is not told, or not heard, costs somebody's latency, and is over after a second.</remarks>
internal sealed partial class PressureNews(ChannelsDatabase database, InboxTraffic traffic, ClusterPressure pressure, IdSource ids, TimeProvider clock, ILogger<PressureNews> logger)
    : BackgroundService
{
    private const string Channel = "inbox_pressure";

    /// <summary>Between two looks at one's own pressure.</summary>
    internal static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>While others are about, and nothing is short.</summary>
    internal static readonly TimeSpan Reminder = TimeSpan.FromSeconds(10);

    private readonly Guid _self = ids.Next();
    private PressureReport? _said;
    private long _saidAt;
    private bool _isHeard = true;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(TellAsync(stoppingToken), HearAsync(stoppingToken));

    private Task HearAsync(CancellationToken stoppingToken) => new Listening(database.Requests, Channel, clock)
    {
        Told = told =>
        {
            if (PressureReport.Read(told) is { } report && report.From != _self)
            {
                pressure.Take(report);
            }
        },
        Lost = (failure, first) =>
        {
            if (first)
            {
                Log.NotHeard(logger, failure.GetType().Name);
            }
        },
    }.RunAsync(stoppingToken);

    private async Task TellAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var report = traffic.Report(_self);
            if (IsNews(report))
            {
                await SayAsync(report, stoppingToken);
            }

            pressure.Tidy();
            await Task.Delay(Look, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Pressure always: it is forgotten after a second. Its end at once, and that others are about now and then.
    private bool IsNews(PressureReport report) =>
        report.IsShort
        || _said is { IsShort: true }
        || (report.OthersAreAbout && (_said is not { OthersAreAbout: true } || clock.GetElapsedTime(_saidAt) >= Reminder));

    private async Task SayAsync(PressureReport report, CancellationToken cancellationToken)
    {
        try
        {
            // Nothing is lost with it: it need not wait for the disk.
            await using var connection = await database.Requests.OpenConnectionAsync(cancellationToken);
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new NpgsqlBatchCommand("set local synchronous_commit = off"),
                    new NpgsqlBatchCommand("select pg_notify($1, $2)") { Parameters = { new() { Value = Channel }, new() { Value = report.Written() } } },
                },
            };
            await batch.ExecuteNonQueryAsync(cancellationToken);
            (_said, _saidAt, _isHeard) = (report, clock.GetTimestamp(), true);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process stops, and with it its pressure.
        }
        catch (Exception failure)
        {
            // Whatever it is: what a service of the host lets out ends the product.
            if (_isHeard)
            {
                _isHeard = false;
                Log.NotTold(logger, failure.GetType().Name);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2105, LogLevel.Warning, "How busy acknowledging is cannot be told to the other processes of the cluster ({Problem}); trying again, and they do not give way to it until then")]
        public static partial void NotTold(ILogger logger, string problem);

        [LoggerMessage(2106, LogLevel.Warning, "How busy the cluster's front ends are is not heard ({Problem}); trying again every second, and this process does not give way to them until then")]
        public static partial void NotHeard(ILogger logger, string problem);
    }
}
