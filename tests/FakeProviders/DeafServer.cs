using System.Net;
using System.Net.Sockets;

namespace Channels.FakeProviders;

/// <summary>Answers nobody who knocks, as a host behind a firewall that drops: its queue is full, and the kernel (Linux) drops what would start another connection.</summary>
public sealed class DeafServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _queue = [];

    private DeafServer()
    {
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public Uri Address => new($"http://{_listener.LocalEndPoint}");

    /// <param name="address">Of this machine.</param>
    /// <param name="port">0 for any that is free.</param>
    public static async Task<DeafServer> StartAsync(IPAddress? address = null, int port = 0)
    {
        var server = new DeafServer();
        server._listener.Bind(new IPEndPoint(address ?? IPAddress.Loopback, port));
        server._listener.Listen(1);
        while (await server.TakesOneMoreAsync())
        {
        }

        return server;
    }

    public void Dispose()
    {
        _queue.ForEach(socket => socket.Dispose());
        _listener.Dispose();
    }

    private async Task<bool> TakesOneMoreAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _queue.Add(socket);
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        try
        {
            await socket.ConnectAsync(_listener.LocalEndPoint!, limit.Token);
            return _queue.Count < 32 ? true : throw new InvalidOperationException("This machine takes connections without an end: nobody is deaf here.");
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
