namespace Channels.Core.Connectors;

/// <summary>Reads the stored file of a message into memory, for providers that take it inside the request.</summary>
public static class OutboundBytes
{
    /// <summary>The largest file that is sent from the media store; what the API takes is no larger.</summary>
    public const int Largest = 32 << 20;

    /// <summary>The bytes; empty for a message without a stored file, null when the file is gone or larger than <see cref="Largest"/>.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        if (message.Content is not OutboundContent.File { Reference: not null })
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        await using var file = message.OpenFileAsync is { } open ? await open(cancellationToken) : null;
        if (file is null || (file.CanSeek && file.Length > Largest))
        {
            return null;
        }

        using var bytes = new MemoryStream(file.CanSeek ? (int)file.Length : 0);
        await file.CopyToAsync(bytes, cancellationToken);
        return bytes.Length <= Largest ? bytes.GetBuffer().AsMemory(0, (int)bytes.Length) : null;
    }
}
