using System.Security.Cryptography;
using System.Text;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Proves that a webhook comes from Meta: <c>X-Hub-Signature-256</c> is the HMAC-SHA256 of the raw bytes under the app's secret.</summary>
/// <remarks>Over the bytes as they came: Meta escapes what is not ASCII, and a body that was read and written again has another signature.</remarks>
internal static class WhatsAppCloudAuthenticity
{
    public const string SignatureHeader = "X-Hub-Signature-256";
    private const string Prefix = "sha256=";

    public static bool IsProven(WebhookRequest request, Connection connection)
    {
        Span<byte> presented = stackalloc byte[SHA256.HashSizeInBytes];
        if (!TryDecode(request.Header(SignatureHeader), presented))
        {
            return false;
        }

        // Every secret is tried: which of them fits must not show in the time it takes.
        var proven = false;
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var secret in WhatsAppCloudSettings.AppSecretsOf(connection))
        {
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), request.Body.Span, expected);
            proven |= CryptographicOperations.FixedTimeEquals(presented, expected);
        }

        return proven;
    }

    /// <summary>The header for these bytes: under the secret that proved the webhook they came in.</summary>
    public static string Sign(ReadOnlyMemory<byte> part, WebhookRequest whole, Connection proven)
    {
        foreach (var secret in WhatsAppCloudSettings.AppSecretsOf(proven))
        {
            if (Header(whole.Body, secret).Equals(whole.Header(SignatureHeader), StringComparison.OrdinalIgnoreCase))
            {
                return Header(part, secret);
            }
        }

        throw new ArgumentException("No secret of this connection proves the webhook.", nameof(proven));
    }

    private static string Header(ReadOnlyMemory<byte> body, string secret) =>
        $"{Prefix}{Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body.Span))}";

    private static bool TryDecode(string? header, Span<byte> signature) =>
        header is not null && header.Length == Prefix.Length + (2 * SHA256.HashSizeInBytes) && header.StartsWith(Prefix, StringComparison.Ordinal)
        && Convert.FromHexString(header.AsSpan(Prefix.Length), signature, out _, out var written) == System.Buffers.OperationStatus.Done
        && written == SHA256.HashSizeInBytes;
}
