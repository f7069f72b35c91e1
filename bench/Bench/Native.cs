using System.Runtime.InteropServices;

namespace Channels.Bench;

/// <summary>The two calls of the system that .NET has no cheap name for.</summary>
internal static partial class Native
{
    /// <summary>There is something to read.</summary>
    public const short Readable = 1;

    private const int Sigterm = 15;

    public static void Terminate(int process) => _ = Kill(process, Sigterm);

    /// <summary>Waits until one of the descriptors is ready, at most so many milliseconds.</summary>
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static unsafe partial int Poll(Watched* watched, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Watched
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }
}
