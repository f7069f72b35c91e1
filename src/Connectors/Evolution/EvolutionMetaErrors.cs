using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Translates what Meta says through an instance of its Cloud API: the gateway hands Meta's error on as the answer, with a success's status.</summary>
internal static class EvolutionMetaErrors
{
    /// <summary>What an answer comes to that is Meta's error; null when it is none.</summary>
    /// <param name="body">The answer.</param>
    /// <param name="words">What it says, fit to be shown.</param>
    public static SendOutcome? Read(JsonElement body, string words) =>
        WhatsAppValues.Integer(body.Member("code")) is >= 0 and <= int.MaxValue and var code && IsMetas(body) ? WhatsAppMetaErrors.ToOutcome((int)code, words, retryAfter: null) : null;

    private static bool IsMetas(JsonElement body) =>
        body.Filled("fbtrace_id") is not null || body.Member("error_data").IsObject() || body.Filled("type") == "OAuthException";
}
