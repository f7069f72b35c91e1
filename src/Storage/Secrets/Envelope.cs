using System.Security.Cryptography;

namespace Channels.Storage.Secrets;

/// <summary>AES-256-GCM with everything needed to open it in front: version, nonce, tag, ciphertext.</summary>
/// <remarks>The binding is authenticated, not stored: what was sealed for one row opens for no other.</remarks>
internal static class Envelope
{
    private const byte Version = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int HeaderLength = 1 + NonceLength + TagLength;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> binding)
    {
        var sealedBytes = new byte[HeaderLength + plain.Length];
        var nonce = sealedBytes.AsSpan(1, NonceLength);
        sealedBytes[0] = Version;
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(nonce, plain, sealedBytes.AsSpan(HeaderLength), sealedBytes.AsSpan(1 + NonceLength, TagLength), binding);
        return sealedBytes;
    }

    /// <exception cref="CryptographicException">Another key or binding, changed bytes, or a version of the future.</exception>
    public static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> binding)
    {
        if (sealedBytes.Length < HeaderLength || sealedBytes[0] != Version)
        {
            throw new CryptographicException("A sealed value has a form this version does not know.");
        }

        var plain = new byte[sealedBytes.Length - HeaderLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(sealedBytes.Slice(1, NonceLength), sealedBytes[HeaderLength..], sealedBytes.Slice(1 + NonceLength, TagLength), plain, binding);
        return plain;
    }
}
