using System.Net.Sockets;
using Channels.Core;
using Npgsql;

namespace Channels.Storage.Database;

/// <summary>Translates 'the database does not answer' into the one exception the rest of the product knows for it.</summary>
internal static class StoreFailure
{
    /// <summary>Runs a read or write; a lost, refused or overfull connection becomes <see cref="StoreUnavailableException"/>, a mistake of ours stays what it is.</summary>
    public static async Task<TResult> GuardAsync<TResult>(Func<Task<TResult>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception failure) when (MeansUnavailable(failure))
        {
            throw new StoreUnavailableException("The store does not answer.", failure);
        }
    }

    /// <summary>Whether a failure says nothing about what was asked, only about the server.</summary>
    public static bool MeansUnavailable(Exception failure) => failure switch
    {
        // 57: operator intervention (shutdown, crash); 53: out of resources; 08: connection; 40: rolled back, try again.
        PostgresException { SqlState: var state } => state[..2] is "57" or "53" or "08" or "40",
        NpgsqlException or SocketException or TimeoutException or IOException => true,
        _ => false,
    };
}
