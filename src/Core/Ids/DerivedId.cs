using System.Security.Cryptography;
using System.Text;

namespace Channels.Core.Ids;

/// <summary>Makes the same UUIDv7 from the same key and moment, so that doing something twice gives one thing.</summary>
public static class DerivedId
{
    /// <summary>The id of what a tenant's key asked for at that moment.</summary>
    public static Guid From(TenantId tenant, string key, DateTimeOffset moment)
    {
        Span<byte> bytes = stackalloc byte[16];
        IdSource.Floor(moment).TryWriteBytes(bytes, bigEndian: true, out _);
        var hash = SHA256.HashData([.. tenant.Value.ToByteArray(), .. Encoding.UTF8.GetBytes(key)]);
        hash.AsSpan(0, 10).CopyTo(bytes[6..]);
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }
}
