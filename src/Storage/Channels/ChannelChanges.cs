using Channels.Core.Ids;
using Channels.Storage.Database;
using Channels.Storage.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Channels;

/// <summary>Listens for changed channels on a connection of its own, and makes the directory, and who has which name, forget them.</summary>
/// <remarks>What is missed while the connection is away is covered twice: everything is forgotten when it is back, and entries expire.</remarks>
internal sealed partial class ChannelChanges(
    NpgsqlDataSource db, ChannelDirectory directory, ChannelNames names, TimeProvider clock, ILogger<ChannelChanges> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => new Listening(db, "channels_changed", clock)
    {
        Told = Forget,
        Heard = ForgetAll,
        Lost = (failure, first) =>
        {
            // Once per outage: the store's absence is told by whoever needs it.
            if (first)
            {
                Log.Lost(logger, failure.GetType().Name);
            }

            ForgetAll();
        },
    }.RunAsync(stoppingToken);

    private void Forget(string payload)
    {
        if (payload.Split(':') is not [var what, var text] || !Guid.TryParse(text, out var id))
        {
            ForgetAll();
            return;
        }

        switch (what)
        {
            case "account":
                directory.Forget(new AccountId(id));
                break;
            case "connector":
                directory.Forget(new ConnectorId(id));
                break;
            case "tenant":
                directory.Forget(new TenantId(id));
                break;
            case "named":
                names.ForgetAll();
                break;
            default:
                ForgetAll();
                break;
        }
    }

    private void ForgetAll()
    {
        directory.ForgetAll();
        names.ForgetAll();
    }

    private static partial class Log
    {
        [LoggerMessage(2102, LogLevel.Warning, "The connection that tells of changed channels is lost ({Problem}); trying again every second, changes are seen late until then")]
        public static partial void Lost(ILogger logger, string problem);
    }
}
