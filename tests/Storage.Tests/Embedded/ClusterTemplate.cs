using Channels.Storage.Embedded;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

/// <summary>An initialised data directory to copy, for the many tests whose subject is not the initialisation: initdb is most of their time.</summary>
internal static class ClusterTemplate
{
    private static readonly Lazy<Task<string>> Made = new(MakeAsync);

    public static async Task CopyToAsync(string dataDirectory)
    {
        Directory.CreateDirectory(dataDirectory);
        var copied = await ShellCommand.RunAsync(["cp", "-a", Path.Combine(await Made.Value, "pg"), dataDirectory], CancellationToken.None);
        Assert.True(copied.Succeeded, copied.Said);
    }

    private static async Task<string> MakeAsync()
    {
        var directory = TemporaryDirectory.Create();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => directory.Dispose();
        await using var postgres = await EmbeddedServer.StartAsync(directory.Path);
        return directory.Path;
    }
}
