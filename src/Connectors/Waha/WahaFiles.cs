using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Reads a stored file that is to be sent along with a call.</summary>
internal static class WahaFiles
{
    /// <summary>Of WhatsApp's own limits the one for pictures, films and sound is below this; larger documents must be given by address.</summary>
    public const int Largest = 64 * 1024 * 1024;

    /// <summary>The bytes; or null and why not.</summary>
    public static async Task<(byte[]? Bytes, SendOutcome.Refused? Refusal)> ReadAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        await using var stream = message.OpenFileAsync is { } open ? await open(cancellationToken) : null;
        if (stream is null)
        {
            return (null, new SendOutcome.Refused("file-gone", "the file is not kept any more"));
        }

        using var copy = new MemoryStream();
        var buffer = new byte[81_920];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (copy.Length + read > Largest)
            {
                return (null, new SendOutcome.Refused("too-large", $"the file has more than {Largest / 1024 / 1024} MB; give its address instead"));
            }

            copy.Write(buffer, 0, read);
        }

        return (copy.ToArray(), null);
    }
}
