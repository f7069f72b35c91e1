using System.Runtime.InteropServices;

namespace Channels.Running;

/// <summary>The two ways a process ends from outside.</summary>
internal static class Signals
{
    private const int Interrupted = 9;
    private const int Asked = 15;

    /// <summary>At once, without a word.</summary>
    public static void Kill(int process) => Send(process, Interrupted);

    /// <summary>With time to finish.</summary>
    public static void Terminate(int process) => Send(process, Asked);

    private static void Send(int process, int signal)
    {
        if (kill(process, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} did not reach process {process}: errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable IDE1006, SYSLIB1054 // The C library's own name, and one call is no reason for unsafe code.
    private static extern int kill(int process, int signal);
#pragma warning restore IDE1006, SYSLIB1054
}
