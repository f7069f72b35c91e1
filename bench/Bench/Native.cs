using System.Runtime.InteropServices;

namespace Channels.Bench;

/// <summary>The calls of the system that .NET has no cheap name for.</summary>
internal static partial class Native
{
    private const int Sigterm = 15;

    public static void Terminate(int process) => _ = Kill(process, Sigterm);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
