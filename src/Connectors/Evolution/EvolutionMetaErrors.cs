using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Translates what Meta says through an instance of its Cloud API: the gateway hands Meta's error on as the answer, with a success's status.</summary>
internal static class EvolutionMetaErrors
{
    private static readonly TimeSpan _again = TimeSpan.FromMinutes(5);

    /// <summary>What an answer comes to that is Meta's error; null when it is none.</summary>
    /// <param name="body">The answer.</param>
    /// <param name="words">What it says, fit to be shown.</param>
    public static SendOutcome? Read(JsonElement body, string words) =>
        WhatsAppValues.Integer(body.Member("code")) is >= 0 and <= int.MaxValue and var code && IsMetas(body) ? Held(WhatsAppMetaErrors.ToOutcome((int)code, words, retryAfter: null)) : null;

    // What is wrong with the account itself cannot be asked for through the gateway, whose connection is "open" all the while: it is over when a send is taken.
    private static SendOutcome Held(SendOutcome outcome) => outcome is SendOutcome.Blocked blocked ? new SendOutcome.TryLater(_again, blocked.Code, blocked.Reason) : outcome;

    private static bool IsMetas(JsonElement body) =>
        body.Filled("fbtrace_id") is not null || body.Member("error_data").IsObject() || body.Filled("type") == "OAuthException";
}
