using System.Net.Sockets;
using Channels.Core;
using Npgsql;

namespace Channels.Storage.Tenancy;

/// <summary>Tells "the store does not answer" from "the store says no".</summary>
public static class StoreFaults
{
    /// <summary>Whether the failure says nothing about what was asked: no connection, no answer in time, the server shutting down or out of room.</summary>
    public static bool IsUnavailable(Exception failure) => failure switch
    {
        StoreUnavailableException => true,
        PostgresException refused => IsServersFault(refused.SqlState),
        NpgsqlException => true,
        SocketException or TimeoutException => true,
        ObjectDisposedException gone => gone.ObjectName?.Contains("Npgsql", StringComparison.Ordinal) == true,
        _ => false,
    };

    // 08 connection, 53 resources, 57P0x shutting down or starting up, 58 system error, 25006 a read-only stand-by, XX internal.
    private static bool IsServersFault(string state) =>
        state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal)
        || state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("58", StringComparison.Ordinal)
        || state is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.QueryCanceled;
}
