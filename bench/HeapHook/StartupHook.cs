using System.Globalization;
using System.Net.Sockets;
using System.Runtime;
using System.Text;

/// <summary>Loaded into the product by <c>DOTNET_STARTUP_HOOKS</c>: collects garbage when asked and says how much is left. The product itself has no such door.</summary>
/// <remarks>Whoever connects to the socket gets two numbers, managed bytes in use and committed after a full compacting collection, and the connection's end.</remarks>
internal class StartupHook
{
    private const string Variable = "CHANNELS_BENCH_HEAP";

    /// <summary>The name and form that the runtime looks for.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path)
        {
            new Thread(() => Answer(path)) { IsBackground = true, Name = "bench heap" }.Start();
        }
    }

    private static void Answer(string path)
    {
        using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        door.Bind(new UnixDomainSocketEndPoint(path));
        door.Listen();
        while (true)
        {
            using var caller = door.Accept();
            caller.Send(Encoding.ASCII.GetBytes(Collected()));
        }
    }

    private static string Collected()
    {
        // Twice: what finalizers let go of goes with the second.
        for (var round = 0; round < 2; round++)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return string.Create(CultureInfo.InvariantCulture, $"{GC.GetTotalMemory(forceFullCollection: false)} {GC.GetGCMemoryInfo().TotalCommittedBytes}");
    }
}
