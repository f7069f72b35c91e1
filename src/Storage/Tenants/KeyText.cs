using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Channels.Storage.Tenants;

/// <summary>Keys that travel in <c>Authorization: Bearer</c>: 256 random bits behind a prefix that tells people and secret scanners what they are.</summary>
internal static class KeyText
{
    public const string TenantPrefix = "chk_";
    public const string OperatorPrefix = "cho_";
    private const int Length = 32;

    public static string Make(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Length));

    // No salt and no stretching: nobody guesses 256 random bits, and a look-up needs the same hash every time.
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
