namespace Channels.Core.Connectors;

/// <summary>Reads the stored file of a message into memory, for providers that take it inside the request.</summary>
public static class OutboundBytes
{
    /// <summary>The largest file that is sent from the media store; what the API takes is no larger.</summary>
    public const int Largest = 32 << 20;

    /// <summary>The bytes, empty for a message without a stored file; or why it cannot be sent.</summary>
    public static async Task<(ReadOnlyMemory<byte> Bytes, SendOutcome.Refused? Refusal)> ReadAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        if (message.Content is not OutboundContent.File { Reference: not null })
        {
            return (ReadOnlyMemory<byte>.Empty, null);
        }

        await using var file = message.OpenFileAsync is { } open ? await open(cancellationToken) : null;
        if (file is null)
        {
            return (default, new SendOutcome.Refused("file-gone", "the file is not kept any more; send it again"));
        }

        using var bytes = new MemoryStream(file.CanSeek ? (int)Math.Min(file.Length, Largest) : 0);
        var piece = new byte[81_920];
        for (int read; (read = await file.ReadAsync(piece, cancellationToken)) > 0;)
        {
            if (bytes.Length + read > Largest)
            {
                return (default, new SendOutcome.Refused("too-large", $"the file has more than {Largest >> 20} MB; give its address instead"));
            }

            bytes.Write(piece, 0, read);
        }

        return (bytes.GetBuffer().AsMemory(0, (int)bytes.Length), null);
    }
}
