using System.Net;
using System.Net.Sockets;

namespace Channels.FakeProviders;

/// <summary>Ports of loopback for who stops listening and listens there again.</summary>
/// <remarks>
/// A port that the system chose lies where it chooses for everybody, outgoing connections included: while nobody listens there, anybody may get it.
/// These lie below that range, and are given once in a process; where another process begins to count is chance.
/// </remarks>
public static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static readonly int _start = Random.Shared.Next(Count);
    private static int _given;

    /// <summary>One where nobody listens now, and that was not given before.</summary>
    /// <exception cref="InvalidOperationException">There is none left.</exception>
    public static int Next()
    {
        while (Interlocked.Increment(ref _given) is var n && n <= Count)
        {
            var port = First + ((_start + n) % Count);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is left.");
    }
}
