using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Translates what Meta says through an instance of its Cloud API: the gateway hands Meta's error on as the answer, with a success's status.</summary>
internal static class EvolutionMetaErrors
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(30);

    /// <summary>What an answer comes to that is Meta's error; null when it is none.</summary>
    /// <param name="body">The answer.</param>
    /// <param name="words">What it says, fit to be shown.</param>
    public static SendOutcome? Read(JsonElement body, string words) =>
        WhatsAppValues.Integer(body.Member("code")) is { } code && IsMetas(body) ? ToOutcome(code, words) : null;

    private static bool IsMetas(JsonElement body) =>
        body.Filled("fbtrace_id") is not null || body.Member("error_data").IsObject() || body.Filled("type") == "OAuthException";

    private static SendOutcome ToOutcome(long code, string words) => code switch
    {
        4 or 80007 or 130429 => new SendOutcome.TryLater(_pause, "rate-limited", words),
        131056 => new SendOutcome.TryLater(_pause, "rate-limited", words) { OfThisMessage = true },
        190 => new SendOutcome.Blocked("unauthorized", words, GatewayFault: false),

        // Trouble of Meta's own, of which it does not say when it came.
        1 or 2 or 131000 or 133004 => new SendOutcome.Unknown(words),
        _ => new SendOutcome.Refused("rejected", words),
    };
}
