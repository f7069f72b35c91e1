namespace Channels.Testing;

/// <summary>The one server of this test process.</summary>
internal static class SharedServer
{
    private static readonly Lazy<Task<OwnPostgres>> One = new(StartAsync);

    public static async Task<string> ConnectionStringAsync() => (await One.Value).ConnectionString;

    private static async Task<OwnPostgres> StartAsync()
    {
        var server = await OwnPostgres.StartAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Discard();
        return server;
    }
}
