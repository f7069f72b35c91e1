using Channels.Core.Ids;
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
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var heard = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(() => heard = true, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // Whatever it is, a database that was renamed or a password that was changed: what a service of the host lets out ends the product.
                // Once per outage: the store's absence is told by whoever needs it.
                if (heard)
                {
                    Log.Lost(logger, failure.GetType().Name);
                    heard = false;
                }

                ForgetAll();
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }

    private async Task ListenAsync(Action listening, CancellationToken cancellationToken)
    {
        await using var connection = await db.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, told) => Forget(told.Payload);
        await using (var listen = new NpgsqlCommand("listen channels_changed", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        ForgetAll();
        listening();
        while (true)
        {
            // A connection that died without a word would stay silent for ever: ask now and then.
            if (!await connection.WaitAsync(Silence, cancellationToken))
            {
                await using var ask = new NpgsqlCommand("select 1", connection) { CommandTimeout = 5 };
                await ask.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }

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
