using System.Globalization;
using System.Text.RegularExpressions;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsApp;

/// <summary>What the libraries below the gateways (Baileys, whatsmeow) throw in WhatsApp's own words, or over a file, before a message has left.</summary>
/// <remarks>
/// Baileys throws WhatsApp's words only over questions (devices, groups, where files go), all of which come before the message. whatsmeow does so too, and waits for
/// the answer to the message itself: "server returned error" is WhatsApp's refusal of it, never a doubt. Null is said of all other words.
/// </remarks>
internal static partial class WhatsAppServerWords
{
    private const int MostTries = 3;
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _busy = TimeSpan.FromSeconds(30);

    /// <summary>WhatsApp's number for why it did not take the message.</summary>
    public static SendOutcome? ErrorIn(string words) => ServerError().Match(words) is { Success: true } match
        ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) switch
        {
            // WhatsApp keeps a number that opened many new chats from opening more, for hours or days. Chats that exist go on.
            463 => new SendOutcome.Refused("new-chats-locked", "WhatsApp does not let this number open new chats for the time being; who wrote to it before can be answered"),
            429 => Throttled,
            404 => new SendOutcome.Refused("recipient-not-found", "WhatsApp does not find whom it is for (404)"),
            403 => new SendOutcome.Refused("recipient-unreachable", "WhatsApp does not let this number write there (403)"),

            // The addresses or keys that it was written with were out of date; the library fetches them anew.
            479 => new SendOutcome.TryLater(_soon, "rejected", "WhatsApp refused it (479)") { OfThisMessage = true, MostAttempts = MostTries },
            >= 500 and var number => new SendOutcome.TryLater(_busy, "unavailable", $"WhatsApp could not take it ({number})"),
            var number => new SendOutcome.Refused("rejected", $"WhatsApp refused it ({number})"),
        }
        : null;

    /// <summary>What WhatsApp answered to a question before the send: the whole of the words, as they may stand in what somebody wrote as well.</summary>
    public static SendOutcome? QueryIn(string words) =>
        (words.StartsWith("Error: ", StringComparison.Ordinal) ? words["Error: ".Length..] : words) switch
        {
            "rate-overlimit" => Throttled,
            "item-not-found" => new SendOutcome.Refused("recipient-not-found", "WhatsApp does not find whom it is for (item-not-found)"),
            ("forbidden" or "not-authorized" or "not-acceptable") and var said => new SendOutcome.Refused("recipient-unreachable", $"WhatsApp does not let this number write there ({said})"),
            var other => other.EndsWith("info query returned status 429: rate-overlimit", StringComparison.Ordinal) ? Throttled : null,
        };

    /// <summary>The file is not what it should be, or WhatsApp's own store for files did not take it.</summary>
    public static SendOutcome? FileIn(string words) =>
        Has(words, "input buffer contains unsupported image format") || Has(words, "failed to convert audio") || Has(words, "ffmpeg exited with code")
            ? new SendOutcome.Refused("media-failed", "the gateway cannot read or convert the file")
        : Has(words, "media upload failed on all hosts") || Has(words, "failed to upload") ? FileLater("WhatsApp did not take the file")
        : null;

    /// <summary>The file could not be fetched from its address. To be asked only where nothing else is fetched after the send.</summary>
    public static SendOutcome? FetchIn(string words) =>
        Has(words, "request failed with status code") || Has(words, "getaddrinfo enotfound") || Has(words, "failed to fetch stream from")
            ? FileLater("the gateway could not fetch the file from its address")
            : null;

    private static SendOutcome.TryLater Throttled => new(_busy, "rate-limited", "WhatsApp wants less of this account");

    private static SendOutcome.TryLater FileLater(string why) => new(_soon, "media-failed", why) { OfThisMessage = true, MostAttempts = MostTries };

    private static bool Has(string words, string phrase) => words.Contains(phrase, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\bserver returned error ([1-9][0-9]{2})\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ServerError();
}
