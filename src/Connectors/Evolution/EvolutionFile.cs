using System.Buffers;
using System.Buffers.Text;

namespace Channels.Connectors.Evolution;

/// <summary>Takes the gateway's answer with a file in it as it comes, and passes the file on: tens of megabytes of base64 are never in memory at once.</summary>
/// <remarks>Of the JSON it knows one thing: the member <c>base64</c>. Within a text its quotes would be escaped.</remarks>
/// <param name="destination">Gets the file's bytes; not disposed here.</param>
internal sealed class EvolutionFile(Stream destination) : Stream
{
    private const byte Quote = (byte)'"';

    private readonly byte[] _open = new byte[4];
    private int _opened;
    private int _matched;
    private bool _isDamaged;
    private State _state;

    private enum State
    {
        Before,
        Named,
        Begins,
        Within,
        Behind,
    }

    /// <summary>Whether all of a file has come, and could be read.</summary>
    public bool IsWhole => _state == State.Behind && !_isDamaged && _opened == 0;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    private static ReadOnlySpan<byte> Name => "\"base64\""u8;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_state < State.Within)
        {
            buffer = buffer[Find(buffer)..];
        }

        if (_state != State.Within)
        {
            return;
        }

        var end = buffer.IndexOf(Quote);
        Decode(end < 0 ? buffer : buffer[..end]);
        if (end >= 0)
        {
            _state = State.Behind;
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What it passes on to is memory.
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>How much of it stands before the file.</summary>
    private int Find(ReadOnlySpan<byte> buffer)
    {
        for (var i = 0; i < buffer.Length; i++)
        {
            var next = buffer[i];
            if (_state > State.Before && next is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                continue;
            }

            if (_state == State.Begins && next == Quote)
            {
                _state = State.Within;
                return i + 1;
            }

            if (_state == State.Named && next == (byte)':')
            {
                _state = State.Begins;
                continue;
            }

            // A name may begin with what ends another: nothing within it does.
            (_state, _matched) = (State.Before, next == Name[_matched] ? _matched + 1 : next == Quote ? 1 : 0);
            if (_matched == Name.Length)
            {
                (_state, _matched) = (State.Named, 0);
            }
        }

        return buffer.Length;
    }

    private void Decode(ReadOnlySpan<byte> text)
    {
        // Some write / as \/, which base64 is full of.
        if (text.Contains((byte)'\\'))
        {
            text = text.ToArray().Where(letter => letter != '\\').ToArray();
        }

        while (_opened > 0 && text.Length > 0)
        {
            _open[_opened++] = text[0];
            text = text[1..];
            if (_opened == _open.Length)
            {
                _opened = 0;
                Pass(_open);
            }
        }

        var whole = text.Length - (text.Length % 4);
        Pass(text[..whole]);
        text[whole..].CopyTo(_open);
        _opened = _opened > 0 ? _opened : text.Length - whole;
    }

    private void Pass(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || _isDamaged)
        {
            return;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(Base64.GetMaxDecodedFromUtf8Length(text.Length));
        try
        {
            _isDamaged = Base64.DecodeFromUtf8(text, bytes, out _, out var decoded) != OperationStatus.Done;
            destination.Write(bytes, 0, _isDamaged ? 0 : decoded);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
