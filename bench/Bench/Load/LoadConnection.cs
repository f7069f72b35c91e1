using System.Net;
using System.Net.Sockets;

namespace Channels.Bench.Load;

/// <summary>One keep-alive connection with at most one request outstanding. Reads of an answer only its status and length.</summary>
internal sealed class LoadConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _out = new byte[8192];
    private readonly byte[] _in = new byte[8192];
    private int _read;

    public LoadConnection(IPEndPoint address)
    {
        _socket.Connect(address);
        _socket.Blocking = false;
        Descriptor = (int)_socket.Handle;
    }

    public int Descriptor { get; }

    /// <summary>When the outstanding request was due; zero when there is none.</summary>
    public long Due { get; private set; }

    public bool Idle => Due == 0;

    /// <summary>The message of the last request.</summary>
    public TakenMessage Message { get; private set; }

    public void Send(WebhookTemplate template, int contact, long number, long due)
    {
        template.Write(_out, contact, number);
        Message = new TakenMessage(contact, number);
        var sent = 0;
        while (sent < template.Length)
        {
            sent += _socket.Send(_out.AsSpan(sent, template.Length - sent), SocketFlags.None, out var trouble);
            if (trouble is not (SocketError.Success or SocketError.WouldBlock))
            {
                throw new SocketException((int)trouble);
            }
        }

        Due = due;
    }

    /// <summary>The answer's status once all of it is here; zero before.</summary>
    public int Receive()
    {
        var read = _socket.Receive(_in.AsSpan(_read), SocketFlags.None, out var trouble);
        if (trouble == SocketError.WouldBlock)
        {
            return 0;
        }

        if (trouble != SocketError.Success || read == 0)
        {
            throw new SocketException((int)(trouble == SocketError.Success ? SocketError.ConnectionReset : trouble));
        }

        _read += read;
        var answer = _in.AsSpan(0, _read);
        if (answer.IndexOf("\r\n\r\n"u8) is not (>= 0 and var end))
        {
            return 0;
        }

        if (_read < end + 4 + LengthOf(answer[..end]))
        {
            return 0;
        }

        _read = 0;
        Due = 0;
        return Number(answer[9..12]);
    }

    public void Dispose() => _socket.Dispose();

    private static int LengthOf(ReadOnlySpan<byte> head)
    {
        // Names of headers have no case: Kestrel and uvicorn write this one differently.
        var at = Math.Max(head.IndexOf("\nContent-Length: "u8), head.IndexOf("\ncontent-length: "u8));
        if (at < 0)
        {
            return 0;
        }

        var value = head[(at + 17)..];
        var end = value.IndexOf((byte)'\r');
        return Number(end < 0 ? value : value[..end]);
    }

    private static int Number(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            number = (number * 10) + (digit - '0');
        }

        return number;
    }
}
