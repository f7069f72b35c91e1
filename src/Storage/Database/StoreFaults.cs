using System.Net.Sockets;
using Channels.Core;
using Npgsql;

namespace Channels.Storage.Database;

/// <summary>Tells "the store does not answer" from "the store says no".</summary>
public static class StoreFaults
{
    /// <summary>Runs a read or write; a store that does not answer becomes <see cref="StoreUnavailableException"/>, a mistake of ours stays what it is.</summary>
    internal static async Task<TResult> GuardAsync<TResult>(Func<Task<TResult>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception failure) when (IsUnavailable(failure))
        {
            throw new StoreUnavailableException("The store does not answer.", failure);
        }
    }

    /// <summary>Whether the failure says nothing about what was asked: no connection, no answer in time, undone for the sake of others, the server shutting down or out of room.</summary>
    public static bool IsUnavailable(Exception failure) => failure switch
    {
        StoreUnavailableException or ShareTakenException => true,
        PostgresException refused => IsServersFault(refused.SqlState),
        NpgsqlException => true,
        SocketException or TimeoutException or IOException => true,
        ObjectDisposedException gone => gone.ObjectName?.Contains("Npgsql", StringComparison.Ordinal) == true,
        _ => false,
    };

    /// <summary>The word for a failure that says everything of what the store was given and nothing of the store: repeated, it would fail again, and whatever shares its transaction.</summary>
    /// <returns>The SQLSTATE, or the exception's name where it did not get as far as the database; null for every other failure.</returns>
    internal static string? RefusalOf(Exception failure) => failure switch
    {
        PostgresException { SqlState: var state } => state[..2] is "21" or "22" or "23" or "54" ? state : null,
        ObjectDisposedException => null,
        ArgumentException or ArithmeticException or FormatException or InvalidCastException or NotSupportedException => failure.GetType().Name,
        _ => null,
    };

    // 08 connection, 40 rolled back, 53 resources, 57P0x shutting down or starting up, 58 system error, 25006 a read-only stand-by.
    private static bool IsServersFault(string state) =>
        state[..2] is "08" or "40" or "53" or "58" || state.StartsWith("57P", StringComparison.Ordinal)
        || state is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.QueryCanceled;
}
