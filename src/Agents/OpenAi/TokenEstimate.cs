using System.Text;

namespace Channels.Agents.OpenAi;

/// <summary>Guesses how many tokens a text is, for any model: four bytes of UTF-8 to a token, and four tokens around each message.</summary>
/// <remarks>
/// Every model counts differently and most do not say how. For English and Spanish the guess is close; for scripts of two and three bytes a letter it
/// is high rather than low, so that what we send fits. It bounds what a turn costs; it is no bill.
/// </remarks>
internal static class TokenEstimate
{
    private const int BytesPerToken = 4;
    private const int AroundMessage = 4;

    /// <summary>What a message of one letter counts.</summary>
    public const int ShortestMessage = AroundMessage + 1;

    public static int OfMessage(string text) => AroundMessage + (Encoding.UTF8.GetByteCount(text) + BytesPerToken - 1) / BytesPerToken;
}
