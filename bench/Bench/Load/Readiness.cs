using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Channels.Bench.Load;

/// <summary>Tells which of many sockets have something to read, at a cost that does not grow with how many have nothing (Linux' epoll).</summary>
internal sealed unsafe partial class Readiness(int most) : IDisposable
{
    private const int Add = 1;
    private const uint Readable = 1;

    // struct epoll_event is packed on x64 only: the value lies behind four bytes there, behind eight elsewhere.
    private static readonly int _valueAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int _size = _valueAt + 8;

    private readonly int _descriptor = Create(0);
    private readonly byte[] _events = new byte[most * _size];

    /// <summary>Watches a socket from now on, until it is closed.</summary>
    public void Watch(int descriptor, int name)
    {
        var wanted = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(wanted, Readable);
        BinaryPrimitives.WriteInt32LittleEndian(wanted.AsSpan(_valueAt), name);
        fixed (byte* first = wanted)
        {
            if (Control(_descriptor, Add, descriptor, first) != 0)
            {
                throw new InvalidOperationException($"epoll_ctl failed with {Marshal.GetLastPInvokeError()}.");
            }
        }
    }

    /// <summary>Waits at most so long; answers how many are ready.</summary>
    public int Wait(int milliseconds)
    {
        fixed (byte* first = _events)
        {
            return Math.Max(0, Wait(_descriptor, first, most, milliseconds));
        }
    }

    /// <summary>The name of one that is ready.</summary>
    public int Ready(int index) => BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan((index * _size) + _valueAt));

    public void Dispose() => _ = Close(_descriptor);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int descriptor, byte* wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
