using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Proves that a webhook comes from the server we told our secret.</summary>
/// <remarks>
/// Best by its signature, <c>X-Webhook-Hmac</c>: HMAC-SHA512 of the raw bytes, in hex. Free builds before 2026.6 sign nothing; there the secret itself
/// is shown in a header of ours, or as the first part of the path. Any of the three suffices.
/// </remarks>
internal static class WahaAuthenticity
{
    private const string Algorithm = "sha512";
    private static readonly string[] _secretHeaders = ["X-Webhook-Secret", "X-Api-Key"];

    public static bool IsProven(WebhookRequest request, string secret)
    {
        if (secret.Length == 0)
        {
            return false;
        }

        // Not short-circuited: which of the ways failed must not show in the time it takes.
        var proven = IsSecret(FirstSegment(request.Path), secret);
        foreach (var header in _secretHeaders)
        {
            proven |= IsSecret(request.Header(header), secret);
        }

        return proven | IsSigned(request, secret);
    }

    private static bool IsSigned(WebhookRequest request, string secret)
    {
        // A webhook may not choose how it is checked.
        if (request.Header("X-Webhook-Hmac") is not { Length: HMACSHA512.HashSizeInBytes * 2 } signature
            || (request.Header("X-Webhook-Hmac-Algorithm") is { Length: > 0 } algorithm && !algorithm.Equals(Algorithm, StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        Span<byte> presented = stackalloc byte[HMACSHA512.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[HMACSHA512.HashSizeInBytes];
        HMACSHA512.HashData(Encoding.UTF8.GetBytes(secret), request.Body.Span, expected);
        return Convert.FromHexString(signature, presented, out _, out var written) == System.Buffers.OperationStatus.Done
               && written == HMACSHA512.HashSizeInBytes
               && CryptographicOperations.FixedTimeEquals(presented, expected);
    }

    private static string FirstSegment(string path)
    {
        var trimmed = path.TrimStart('/');
        var slash = trimmed.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? trimmed : trimmed[..slash];
    }

    /// <summary>How long it takes says nothing about the content; of a wrong length, that it is wrong.</summary>
    private static bool IsSecret(string? presented, string secret) =>
        !string.IsNullOrEmpty(presented)
        && CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(presented.AsSpan()), MemoryMarshal.AsBytes(secret.AsSpan()));
}
