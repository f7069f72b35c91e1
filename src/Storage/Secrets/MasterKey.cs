using System.Security.Cryptography;

namespace Channels.Storage.Secrets;

/// <summary>The installation's key: wraps data keys and touches nothing else, so that changing it rewraps a few rows and no secret.</summary>
internal sealed class MasterKey
{
    /// <summary>Where it is configured.</summary>
    public const string Setting = "Channels:MasterKey";

    private const int Length = 32;
    private readonly byte[] _key;

    private MasterKey(byte[] key) => _key = key;

    /// <summary>From the configuration, else from <c>master.key</c>, made where there is none.</summary>
    /// <exception cref="KeyException">It is no 32 bytes in base64: says where it came from, never what it was.</exception>
    public static MasterKey Load(KeyOptions options)
    {
        var source = SourceOf(options);
        return new(Decoded(
            IsConfigured(options) ? options.MasterKey!.Trim() : KeyFile.ReadOrMake(source, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(Length))), source));
    }

    /// <summary>The setting or the file that <see cref="Load"/> takes it from.</summary>
    public static string SourceOf(KeyOptions options) => IsConfigured(options) ? Setting : Path.Combine(options.DataDirectory, "master.key");

    /// <summary>Whether <see cref="Load"/> would make a new one.</summary>
    public static bool IsMissing(KeyOptions options) => !IsConfigured(options) && !File.Exists(SourceOf(options));

    /// <summary>Seals a data key for one row of <c>data_key</c>.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> binding) => Envelope.Seal(_key, dataKey, binding);

    /// <summary>Opens what <see cref="Wrap"/> sealed.</summary>
    /// <exception cref="CryptographicException">Wrapped by another master key, for another row, or changed.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> binding) => Envelope.Open(_key, wrapped, binding);

    /// <inheritdoc/>
    public override string ToString() => "master key";

    private static bool IsConfigured(KeyOptions options) => !string.IsNullOrWhiteSpace(options.MasterKey);

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
