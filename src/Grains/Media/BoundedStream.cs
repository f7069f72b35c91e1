namespace Channels.Grains.Media;

/// <summary>Takes bytes into memory, up to a limit.</summary>
/// <param name="limit">Bytes; the first beyond it throws.</param>
/// <param name="arrived">Called whenever bytes come.</param>
internal sealed class BoundedStream(int limit, Action? arrived = null) : MemoryStream
{
    /// <summary>Whether more came than it takes.</summary>
    public bool IsOver { get; private set; }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        Check(count);
        base.Write(buffer, offset, count);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Check(buffer.Length);
        base.Write(buffer);
    }

    /// <inheritdoc/>
    public override void WriteByte(byte value)
    {
        Check(1);
        base.WriteByte(value);
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Check(count);
        return base.WriteAsync(buffer, offset, count, cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Check(buffer.Length);
        return base.WriteAsync(buffer, cancellationToken);
    }

    private void Check(int more)
    {
        arrived?.Invoke();
        if (Length + more > limit)
        {
            IsOver = true;

            // Not an IOException: that would be taken for a connection that broke.
            throw new InvalidOperationException($"The file is larger than {limit} bytes.");
        }
    }
}
