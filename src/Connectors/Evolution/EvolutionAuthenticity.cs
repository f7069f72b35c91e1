using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Proves that a webhook comes from the gateway we told our secret. Evolution signs nothing, so the secret itself must be shown.</summary>
/// <remarks>
/// Three ways, any of which suffices: the secret in a header (what we set up), as the first part of the path (1.8 knows no headers),
/// or as the key of the bearer token that the gateway makes of its special header <c>jwt_key</c>. The <c>apikey</c> inside the body is
/// the instance's own token, printed in every webhook, and proves nothing.
/// </remarks>
internal static class EvolutionAuthenticity
{
    private const string Bearer = "Bearer ";
    private static readonly string[] _secretHeaders = ["apikey", "x-api-key", "x-webhook-secret"];

    public static bool IsProven(WebhookRequest request, string secret, DateTimeOffset now)
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

        return proven | IsToken(request.Header("Authorization"), secret, now);
    }

    private static string FirstSegment(string path)
    {
        var trimmed = path.TrimStart('/');
        var slash = trimmed.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? trimmed : trimmed[..slash];
    }

    /// <summary>How long it takes says nothing about the content; of a wrong length, that it is wrong.</summary>
    private static bool IsSecret(string? presented, string secret) =>
        // Whoever presented nothing knows that; comparing it would tell nobody more.
        !string.IsNullOrEmpty(presented)
        && CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(presented.AsSpan()), MemoryMarshal.AsBytes(secret.AsSpan()));

    private static bool IsToken(string? authorization, string secret, DateTimeOffset now)
    {
        if (authorization is null || !authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var parts = authorization[Bearer.Length..].Trim().Split('.');
        return parts is [var header, var claims, var signature]
               && IsSigned($"{header}.{claims}", signature, secret)
               && HasAlgorithm(header)
               && HasClaims(claims, now);
    }

    private static bool IsSigned(string content, string signature, string secret)
    {
        Span<byte> presented = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(content), expected);
        return signature.Length == 43
               && TryDecode(signature) is { Length: SHA256.HashSizeInBytes } bytes
               && bytes.AsSpan().TryCopyTo(presented)
               && CryptographicOperations.FixedTimeEquals(presented, expected);
    }

    /// <summary>Fixed: a token may not choose how it is checked.</summary>
    private static bool HasAlgorithm(string header)
    {
        using var document = JsonBody.TryRead(TryDecode(header), out _);
        return document?.RootElement.Text("alg") == "HS256";
    }

    private static bool HasClaims(string claims, DateTimeOffset now)
    {
        using var document = JsonBody.TryRead(TryDecode(claims), out _);
        return document is not null
               && document.RootElement.Number("exp") is { } expiry && now.ToUnixTimeMilliseconds() / 1000.0 < expiry
               && document.RootElement.Text("app") == "evolution"
               && document.RootElement.Text("action") == "webhook";
    }

    private static byte[]? TryDecode(string part)
    {
        var bytes = new byte[Base64Url.GetMaxDecodedLength(part.Length)];
        return Base64Url.IsValid(part) && Base64Url.TryDecodeFromChars(part, bytes, out var written) ? bytes[..written] : null;
    }
}
