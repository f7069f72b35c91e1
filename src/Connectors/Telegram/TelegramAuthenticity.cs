using System.Security.Cryptography;
using System.Text;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Proves that a webhook comes from Telegram: it shows, in a header, the secret that we gave to <c>setWebhook</c>. Nothing is signed.</summary>
internal static class TelegramAuthenticity
{
    public const string Header = "X-Telegram-Bot-Api-Secret-Token";

    /// <summary>Hashed first: how long the comparison takes says nothing about where, or how long, the secret is.</summary>
    public static bool IsProven(WebhookRequest request, string secret)
    {
        if (secret.Length == 0 || request.Header(Header) is not { Length: > 0 } presented)
        {
            return false;
        }

        Span<byte> theirs = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> ours = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(presented), theirs);
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), ours);
        return CryptographicOperations.FixedTimeEquals(theirs, ours);
    }

    /// <summary>Whether Telegram would take it as a secret: 1 to 256 letters, digits, <c>_</c> and <c>-</c>.</summary>
    public static bool IsTakenByTelegram(string secret) =>
        secret.Length is >= 1 and <= 256 && secret.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-');
}
