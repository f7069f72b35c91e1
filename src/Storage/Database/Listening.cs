using Npgsql;

namespace Channels.Storage.Database;

/// <summary>Listens to one of Postgres' channels of notifications on a connection of its own, and comes back when that is lost, for as long as its owner runs.</summary>
/// <remarks>What is told while the connection is away is missed: whoever listens must do without it.</remarks>
internal sealed class Listening(NpgsqlDataSource db, string channel, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);

    /// <summary>What was told. Must not fail.</summary>
    public required Action<string> Told { get; init; }

    /// <summary>From now on it is heard. Must not fail.</summary>
    public Action Heard { get; init; } = () => { };

    /// <summary>Nothing is heard, as each attempt finds; the first to find it after one that went well is told so. Must not fail.</summary>
    public required Action<Exception, bool> Lost { get; init; }

    /// <summary>Returns when cancelled.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        var heard = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(
                    () =>
                    {
                        heard = true;
                        Heard();
                    },
                    stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // Whatever it is, a database that was renamed or a password that was changed: what a service of the host lets out ends the product.
                Lost(failure, heard);
                heard = false;
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(Action listening, CancellationToken cancellationToken)
    {
        await using var connection = await db.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, told) => Told(told.Payload);
        await using (var listen = new NpgsqlCommand($"listen {channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

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
}
