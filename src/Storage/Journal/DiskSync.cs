using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Channels.Storage.Journal;

/// <summary>Waits until what was written is on the disk.</summary>
internal static class DiskSync
{
    private const int ReadOnly = 0;

    /// <summary>A file's bytes, and of what is known about it only what finding them takes: its time of change alone would cost the file system a transaction of its own.</summary>
    /// <exception cref="IOException">They may not be there, and asking again would not tell: the kernel reports it once.</exception>
    public static void Data(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux())
        {
            Check(SyncData(file));
        }
        else
        {
            RandomAccess.FlushToDisk(file);
        }
    }

    /// <summary>That a directory has the files that were made in it.</summary>
    /// <exception cref="IOException">It may not have them.</exception>
    public static void Directory(string path)
    {
        var directory = Open(path, ReadOnly);
        Check(directory);
        try
        {
            Check(SyncAll(directory));
        }
        finally
        {
            _ = Close(directory);
        }
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException(new Win32Exception(error).Message, error);
        }
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SyncData(SafeFileHandle file);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SyncAll(int file);

    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(string path, int flags);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int file);
}
