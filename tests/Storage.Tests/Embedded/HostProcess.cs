using Channels.Storage.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Embedded;

/// <summary>A host as a process of its own, to be killed: this assembly's entry point. Started by <see cref="HostUnderTest"/>.</summary>
/// <remarks>
/// <c>host DIRECTORY GRACE</c> starts the private Postgres, says <c>ready PID CONNECTION</c> or <c>failed CODE MESSAGE</c>, and stops it when stdin ends.
/// <c>connect CONNECTION</c> says <c>connected</c> or <c>refused</c>.
/// </remarks>
internal static class HostProcess
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["host", var directory, var grace]:
                return await HostAsync(new() { DataDirectory = directory, GraceAfterHost = TimeSpan.Parse(grace, System.Globalization.CultureInfo.InvariantCulture), ThrowAway = true });
            case ["connect", var connection]:
                return await ConnectAsync(connection);
            default:
                await Console.Error.WriteLineAsync("This is a test project: dotnet test runs it.");
                return 2;
        }
    }

    private static async Task<int> HostAsync(EmbeddedPostgresOptions options)
    {
        try
        {
            await using var postgres = await EmbeddedPostgres.StartAsync(options, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
            Console.WriteLine($"ready {postgres.ServerProcessId} {postgres.ConnectionString}");
            await Console.In.ReadToEndAsync();
            return 0;
        }
        catch (EmbeddedPostgresException refused)
        {
            Console.WriteLine($"failed {refused.Code} {refused.Message}");
            return 1;
        }
    }

    private static async Task<int> ConnectAsync(string connection)
    {
        try
        {
            await using var source = NpgsqlDataSource.Create(connection);
            await using var opened = await source.OpenConnectionAsync();
            Console.WriteLine("connected");
        }
        catch (NpgsqlException)
        {
            Console.WriteLine("refused");
        }

        return 0;
    }
}
