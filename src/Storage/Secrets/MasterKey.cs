using System.Security.Cryptography;

namespace Channels.Storage.Secrets;

/// <summary>The installation's key: wraps data keys and touches nothing else, so that changing it rewraps a few rows and no secret.</summary>
internal sealed class MasterKey
{
    private const int Length = 32;
    private readonly byte[] _key;

    private MasterKey(byte[] key) => _key = key;

    /// <summary>From the configuration, else from <c>master.key</c>, made where there is none.</summary>
    /// <exception cref="KeyException">It is no 32 bytes in base64: says where it came from, never what it was.</exception>
    public static MasterKey Load(KeyOptions options)
    {
        if (!string.IsNullOrWhiteSpace(options.MasterKey))
        {
            return new(Decoded(options.MasterKey.Trim(), "Channels:MasterKey"));
        }

        var path = Path.Combine(options.DataDirectory, "master.key");
        return new(Decoded(KeyFile.ReadOrMake(path, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(Length))), path));
    }

    /// <summary>Seals a data key for one row of <c>data_key</c>.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> binding) => Envelope.Seal(_key, dataKey, binding);

    /// <summary>Opens what <see cref="Wrap"/> sealed.</summary>
    /// <exception cref="CryptographicException">Wrapped by another master key, for another row, or changed.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> binding) => Envelope.Open(_key, wrapped, binding);

    /// <inheritdoc/>
    public override string ToString() => "master key";

    private static byte[] Decoded(string text, string source)
    {
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var written))
        {
            throw new KeyException($"{source}: not base64. It must be {Length} random bytes in base64, for example from: openssl rand -base64 {Length}");
        }

        return written == Length
            ? bytes[..Length]
            : throw new KeyException($"{source}: {written} bytes after base64, must be {Length}, for example from: openssl rand -base64 {Length}");
    }
}
