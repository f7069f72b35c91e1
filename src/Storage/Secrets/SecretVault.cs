using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Channels.Core.Ids;

namespace Channels.Storage.Secrets;

/// <summary>Seals and opens tenants' secrets. What it seals for one tenant and purpose opens for no other.</summary>
/// <remarks>Format: version, data key id, then an <see cref="Envelope"/>. A new key generation is used from its first moment; older values stay readable.</remarks>
public sealed class SecretVault
{
    private const byte Version = 1;
    private const int HeaderLength = 5;
    private readonly DataKeys _keys;

    internal SecretVault(DataKeys keys) => _keys = keys;

    /// <summary>Seals with the tenant's newest data key.</summary>
    public async ValueTask<byte[]> SealAsync(TenantId tenant, SecretPurpose purpose, string secret, CancellationToken cancellationToken)
    {
        var key = await _keys.LatestAsync(tenant, cancellationToken);
        var envelope = Envelope.Seal(key.Key, Encoding.UTF8.GetBytes(secret), Binding(tenant, purpose));
        var sealedBytes = new byte[HeaderLength + envelope.Length];
        sealedBytes[0] = Version;
        BinaryPrimitives.WriteInt32BigEndian(sealedBytes.AsSpan(1), key.Id);
        envelope.CopyTo(sealedBytes.AsSpan(HeaderLength));
        return sealedBytes;
    }

    /// <summary>Opens what <see cref="SealAsync"/> sealed for the same tenant and purpose.</summary>
    /// <exception cref="CryptographicException">It was sealed for somebody or something else, changed, or its key is gone.</exception>
    public async ValueTask<string> OpenAsync(TenantId tenant, SecretPurpose purpose, byte[] sealedBytes, CancellationToken cancellationToken)
    {
        if (sealedBytes.Length < HeaderLength || sealedBytes[0] != Version)
        {
            throw new CryptographicException("A sealed secret has a form this version does not know.");
        }

        var key = await _keys.FindAsync(tenant, BinaryPrimitives.ReadInt32BigEndian(sealedBytes.AsSpan(1)), cancellationToken);
        return Encoding.UTF8.GetString(Envelope.Open(key.Key, sealedBytes.AsSpan(HeaderLength), Binding(tenant, purpose)));
    }

    private static byte[] Binding(TenantId tenant, SecretPurpose purpose) => [.. tenant.Value.ToByteArray(), .. Encoding.UTF8.GetBytes(purpose.Text)];
}
