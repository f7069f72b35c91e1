using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Text;

namespace Channels.Connectors.Evolution;

/// <summary>Translates what a gateway answers into outcomes. The one place that knows its codes and phrases.</summary>
/// <remarks>
/// The question behind every line: can the message have left? The gateway answers 400 for everything that goes wrong inside a send,
/// also after WhatsApp has taken the message (its own database fails, a webhook of its own throws). Therefore only phrases that are known to
/// come before the send are a refusal; any other error thrown by its code is an unknown outcome, which a look-up settles within seconds.
/// A 500 with <c>response.message</c> is its last resort for what is thrown around the send, not in it: over the number's check, the file, the
/// instance. There its words for these count as well. Any other 500, 502 and 504 are a proxy's or nobody's, and unknown. 503 is what a proxy says when it has nobody to hand the request to, and what the
/// gateway says when its licence is missing: neither has sent.
/// </remarks>
internal static class EvolutionErrors
{
    private const int LongestWords = 300;
    private const string Between = "; ";

    /// <summary>A group is also not found while the instance reconnects.</summary>
    private const int MostGroupAttempts = 3;

    /// <summary>What its schemas and the first lines of its controllers say of a body, in all versions, before anything else happens.</summary>
    private static readonly string[] _beforeTheSend =
    [
        "requires property", "is required", "is not of a type", "does not conform", "does not meet", "must be informed", "must be a url", "must be an emoji",
        "must be a single emoji", "must be a numeric string", "cannot be empty",
    ];

    /// <summary>What its check of the number, or its way to the instance, ends with while that is not connected or not loaded.</summary>
    private static readonly string[] _unconnected =
    [
        "timed out", "connection terminated", "connection was lost", "connection failure", "stream errored", "not authenticated",
        "reading 'onwhatsapp'", "reading 'textmessage'", "reading 'mediamessage'", "reading 'audiowhatsapp'", "reading 'mediasticker'",
        "reading 'locationmessage'", "reading 'contactmessage'", "reading 'reactionmessage'",
    ];

    private static readonly TimeSpan _reconnect = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _busy = TimeSpan.FromSeconds(30);

    public static SendOutcome ToOutcome(EvolutionAnswer answer) => answer switch
    {
        { Status: null, NeverLeft: true } => new SendOutcome.TryLater(_reconnect, "unreachable", answer.Trouble),
        { Status: null } => new SendOutcome.Unknown(answer.Trouble),
        { IsSuccess: true } => answer.Body.Member("key").Id("id") is { } id
            ? new SendOutcome.Accepted(id)
            : EvolutionMetaErrors.Read(answer.Body, Said(answer, "Meta refused it without words")) ?? new SendOutcome.Unknown("the gateway said yes without a message id"),
        { Status: HttpStatusCode.TooManyRequests } => new SendOutcome.TryLater(answer.RetryAfter ?? _busy, "rate-limited", "the gateway asks us to send less"),
        { Status: HttpStatusCode.ServiceUnavailable } => Unavailable(answer),
        { Status: HttpStatusCode.Unauthorized } => new SendOutcome.Blocked("unauthorized", "the gateway does not accept the API key", GatewayFault: false),
        { Status: HttpStatusCode.Forbidden } => new SendOutcome.Blocked("forbidden", Said(answer, "the gateway forbids it"), GatewayFault: false),
        { Status: HttpStatusCode.NotFound } => NotFound(answer),
        { Status: HttpStatusCode.RequestEntityTooLarge } => new SendOutcome.Refused("too-large", "the gateway takes no message of this size"),
        { Status: >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest } =>
            new SendOutcome.Blocked("wrong-address", "the address answers with a redirect, which we do not follow", GatewayFault: true),

        // A proxy's words for having reached no gateway behind it.
        { Status: (HttpStatusCode)521 or (HttpStatusCode)523 or (HttpStatusCode)525 } =>
            new SendOutcome.TryLater(answer.RetryAfter ?? _busy, "unavailable", $"the gateway cannot be reached by its proxy ({(int)answer.Status})"),
        { Status: HttpStatusCode.InternalServerError } when !answer.Body.Member("response").Member("message").IsNothing() => AroundTheSend(answer) ?? Failed(answer),
        { Status: >= HttpStatusCode.InternalServerError } => Failed(answer),
        _ => Rejected(answer),
    };

    /// <summary>Whether the gateway wants the other dialect's body. It checks that before anything else: nothing has left.</summary>
    public static bool WantsField(EvolutionAnswer answer, string field) =>
        answer.Status == HttpStatusCode.BadRequest && answer.Words.Contains($"requires property \"{field}\"", StringComparison.Ordinal);

    public static bool IsMissingInstance(EvolutionAnswer answer) =>
        answer.Status == HttpStatusCode.NotFound && Has(answer, "instance does not exist");

    public static bool IsNameInUse(EvolutionAnswer answer) => answer.Status == HttpStatusCode.Forbidden && Has(answer, "already in use");

    /// <summary>A log-out found no connection to end: to 2.4 that is a success, which has done nothing.</summary>
    public static bool IsNotConnected(EvolutionAnswer answer) =>
        answer.IsSuccess ? Has(answer, "already disconnected") : answer.Status == HttpStatusCode.BadRequest && Has(answer, "is not connected");

    /// <summary>The gateway could not end a connection that was not there: its words are "Connection Closed", or none at all.</summary>
    public static bool IsBetweenConnections(EvolutionAnswer answer) =>
        answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.InternalServerError && (Has(answer, "connection closed") || Has(answer, "[object Object]"));

    public static bool IsLicence(EvolutionAnswer answer) => answer.Body.Text("code") == "LICENSE_REQUIRED";

    /// <summary>There is a pairing to end, and no connection over which the gateway could end it.</summary>
    public static ActivationOutcome.Refused Reconnecting { get; } =
        new("reconnecting", "the instance is reconnecting to WhatsApp at this moment, and the gateway can end a pairing only while it is connected") { NextStep = "Wait until it is connected and try again." };

    /// <summary>Something answers, and it is no gateway.</summary>
    public static ActivationOutcome.Refused WrongAddress { get; } = new("wrong-address", "no Evolution API answers at this address", "base_url");

    /// <summary>Why an account cannot be activated after this answer, which was not the one that was asked for.</summary>
    public static ActivationOutcome ToActivation(EvolutionAnswer answer) => answer switch
    {
        { Status: null } => new ActivationOutcome.Unreachable(answer.Trouble),
        _ when IsLicence(answer) => new ActivationOutcome.Refused("license-required", LicenceWords(answer), GatewayFault: true),
        { Status: HttpStatusCode.Unauthorized } => new ActivationOutcome.Refused("unauthorized", "the gateway does not accept the API key", "api_key"),
        { Status: HttpStatusCode.Forbidden } => new ActivationOutcome.Refused("forbidden", Said(answer, "the gateway forbids it to this key"), "api_key"),
        { Status: HttpStatusCode.NotFound } or { IsSuccess: true } => WrongAddress,
        { Status: >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest } =>
            new ActivationOutcome.Refused("wrong-address", "the address answers with a redirect, which we do not follow", "base_url"),
        { Status: HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError } =>
            new ActivationOutcome.Unreachable($"the gateway answers {(int)answer.Status}: {Said(answer, "no words")}"),
        _ => new ActivationOutcome.Refused("rejected", Said(answer, "the gateway refused without words")),
    };

    /// <summary>An error's words from <c>response.message</c> or <c>message</c>: a text, an array of texts, arrays in arrays, or objects.</summary>
    public static string WordsOf(JsonElement body)
    {
        var message = body.Member("response").Member("message");
        return string.Join(Between, Flatten(message.IsNothing() ? body.Member("message", "error") : message, 4).Take(8));
    }

    private static IEnumerable<string> Flatten(JsonElement message, int levels) => message.ValueKind switch
    {
        JsonValueKind.String => [message.AsText()!],
        JsonValueKind.Array when levels > 0 => message.EnumerateArray().SelectMany(item => Flatten(item, levels - 1)),
        JsonValueKind.Object when message.Filled("message") is { } words => [words],
        _ => [],
    };

    private static SendOutcome Unavailable(EvolutionAnswer answer) => IsLicence(answer)
        ? new SendOutcome.Blocked("license-required", LicenceWords(answer), GatewayFault: true)
        : new SendOutcome.TryLater(answer.RetryAfter ?? _reconnect, "unavailable", "the gateway is not available");

    private static string LicenceWords(EvolutionAnswer answer) =>
        $"the gateway must be activated first{(answer.Body.Filled("register_url") is { Length: < 200 } url ? $": {url}" : "")}";

    private static SendOutcome NotFound(EvolutionAnswer answer) =>
        IsMissingInstance(answer) ? new SendOutcome.Blocked("instance-missing", "the gateway does not know this instance", GatewayFault: false)

        // Texts every version sends: where that call is not there either, it is the address that is wrong.
        : answer.Body.IsObject() && answer.Words.StartsWith("Cannot POST /message/", StringComparison.Ordinal) && !Has(answer, "/sendText/")
            ? new SendOutcome.Refused("not-supported", "this version of the gateway has no such call")
        : new SendOutcome.Blocked("wrong-address", "no Evolution API answers at this address", GatewayFault: true);

    private static SendOutcome.Unknown Failed(EvolutionAnswer answer) => new($"the gateway failed with {(int)answer.Status!}: {Said(answer, "no words")}");

    /// <summary>A 500 of the gateway itself.</summary>
    private static SendOutcome? AroundTheSend(EvolutionAnswer answer) =>
        BeforeTheSend(answer)
        ?? WhatsAppServerWords.FetchIn(answer.Words)
        ?? (Array.Exists(_unconnected, phrase => Has(answer, phrase)) ? NotConnected
            : Has(answer, "prisma") ? new SendOutcome.TryLater(_busy, "unavailable", "the gateway's database does not answer it") : null);

    /// <summary>A 400 or a 200 with an error in it.</summary>
    private static SendOutcome Rejected(EvolutionAnswer answer)
    {
        if (BeforeTheSend(answer) is { } certain)
        {
            return certain;
        }

        // An object of the gateway's own, printed: thrown where it finds no group to send to. What goes wrong after a send is an error with words.
        return answer.Status == HttpStatusCode.BadRequest && answer.Words == "[object Object]"
            ? new SendOutcome.TryLater(_reconnect, "group-not-found", "the gateway cannot find this group, or the number is not in it") { OfThisMessage = true, MostAttempts = MostGroupAttempts }
            : new SendOutcome.Unknown($"the gateway failed inside the send: {Said(answer, "no words")}");
    }

    /// <summary>What is said before the message leaves, wherever it is thrown; null for all else.</summary>
    private static SendOutcome? BeforeTheSend(EvolutionAnswer answer)
    {
        if (RecipientMissing(answer.Body.Member("response").Member("message"), 2))
        {
            return new SendOutcome.Refused("recipient-not-found", "this number is not on WhatsApp");
        }

        if (Has(answer, "connection closed") || Has(answer, "is not connected"))
        {
            return NotConnected;
        }

        return _beforeTheSend.Any(phrase => Has(answer, phrase)) || answer.Words.Split(Between).Contains("Invalid format", StringComparer.OrdinalIgnoreCase)
            ? new SendOutcome.Refused("bad-request", Said(answer, ""))

            // What may be fetched after the send (a transcript of a voice note) goes wrong in the words of a fetch: those of a file alone count.
            : WhatsAppServerWords.QueryIn(answer.Words) ?? WhatsAppServerWords.FileIn(answer.Words);
    }

    private static SendOutcome.TryLater NotConnected => new(_reconnect, "reconnecting", "the instance is not connected to WhatsApp at the moment");

    private static bool RecipientMissing(JsonElement message, int levels) =>
        message.IsArray() ? levels > 0 && message.GetArrayLength() > 0 && RecipientMissing(message[0], levels - 1) : message.Flag("exists") == false;

    private static bool Has(EvolutionAnswer answer, string phrase) =>
        answer.Words.Replace("\"", "", StringComparison.Ordinal).Contains(phrase, StringComparison.OrdinalIgnoreCase);

    private static string Said(EvolutionAnswer answer, string otherwise) =>
        answer.Words.Length == 0 ? otherwise : Shortened(Scrub.Clean(answer.Words));

    // Not between the two halves of a character.
    private static string Shortened(string words) =>
        words.Length <= LongestWords ? words : $"{words[..(char.IsHighSurrogate(words[LongestWords - 1]) ? LongestWords - 1 : LongestWords)]}…";
}
