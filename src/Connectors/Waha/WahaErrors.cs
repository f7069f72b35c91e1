using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Text;

namespace Channels.Connectors.Waha;

/// <summary>Translates what a server answers into outcomes. The one place that knows its codes and phrases.</summary>
/// <remarks>
/// The question behind every line: can the message have left? The server answers 500 for whatever its engine throws, before WhatsApp took the message or
/// after. Therefore only phrases that are known to come before the send are a refusal; any other failure is an unknown outcome, which a look-up settles.
/// A 4xx is said instead of sending where the server itself says it; a proxy in front says it of its own accord, also after it has passed the request on.
/// </remarks>
internal static class WahaErrors
{
    private const int LongestWords = 300;
    private static readonly string[] _methods = ["POST", "PUT"];
    private static readonly TimeSpan _reconnect = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _busy = TimeSpan.FromSeconds(30);

    public static SendOutcome ToOutcome(WahaAnswer answer) => answer switch
    {
        { Status: null, NeverLeft: true } => new SendOutcome.TryLater(_reconnect, "unreachable", answer.Trouble),
        { Status: null } => new SendOutcome.Unknown(answer.Trouble),
        { IsSuccess: true } => SentId(answer.Body) is { } id ? new SendOutcome.Accepted(id) : new SendOutcome.Unknown("the server said yes without a message id"),
        { Status: HttpStatusCode.TooManyRequests } => new SendOutcome.TryLater(answer.RetryAfter ?? _busy, "rate-limited", "the server asks us to send less"),
        { Status: HttpStatusCode.ServiceUnavailable } => new SendOutcome.TryLater(answer.RetryAfter ?? _reconnect, "unavailable", "the server is not available"),
        { Status: HttpStatusCode.Unauthorized } => new SendOutcome.Blocked("unauthorized", "the server does not accept the credentials", GatewayFault: false),
        { Status: HttpStatusCode.Forbidden } => new SendOutcome.Blocked("forbidden", Said(answer, "the server forbids it to this key"), GatewayFault: false),
        { Status: HttpStatusCode.NotFound } => NotFound(answer),
        { Status: HttpStatusCode.RequestEntityTooLarge } => new SendOutcome.Refused("too-large", "the server takes no message of this size"),
        { Status: >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest } =>
            new SendOutcome.Blocked("wrong-address", "the address answers with a redirect, which we do not follow", GatewayFault: true),
        { Status: HttpStatusCode.UnprocessableEntity } => Unprocessable(answer),
        { Status: HttpStatusCode.RequestTimeout } => new SendOutcome.Unknown("the server, or a proxy in front of it, gave up waiting (408)"),

        // Said of what came too early to be safe from being played again: it was not looked at.
        { Status: (HttpStatusCode)425 } => new SendOutcome.TryLater(answer.RetryAfter ?? _reconnect, "unavailable", "the server wants it later (425)"),

        // A proxy's words for having reached no server behind it.
        { Status: (HttpStatusCode)521 or (HttpStatusCode)523 or (HttpStatusCode)525 } =>
            new SendOutcome.TryLater(answer.RetryAfter ?? _busy, "unavailable", $"the server cannot be reached by its proxy ({(int)answer.Status})"),
        { Status: >= HttpStatusCode.InternalServerError } => Failed(answer),
        { Words.Length: > 0 } => new SendOutcome.Refused("bad-request", Said(answer, "")),
        _ => new SendOutcome.Unknown($"what refused with {(int)answer.Status!} is no WAHA by its words"),
    };

    /// <summary>WhatsApp's own id in the answer to a send: each engine prints its own object.</summary>
    public static string? SentId(JsonElement body)
    {
        var data = body.Member("_data");
        return body.Member("key").Id("id", "ID")
            ?? WahaMessageId.Read(body, "id")?.Id
            ?? WahaMessageId.Read(data, "id")?.Id
            ?? data.Member("key").Id("id", "ID")
            ?? data.Member("Info").Id("ID");
    }

    /// <summary>The session does not exist on this server. A path that does not exist answers 404 as well, in other words.</summary>
    public static bool IsMissingSession(WahaAnswer answer) =>
        answer.Status == HttpStatusCode.NotFound && Has(answer, "session") && !answer.Words.StartsWith("Cannot ", StringComparison.Ordinal);

    public static bool Exists(WahaAnswer answer) => answer.Status == HttpStatusCode.UnprocessableEntity && Has(answer, "already exists");

    /// <summary>The session's status in a refusal that complains about it.</summary>
    public static string? StatusIn(WahaAnswer answer) =>
        answer.Status == HttpStatusCode.UnprocessableEntity && answer.Body.Member("expected").IsArray() ? answer.Body.Filled("status") : null;

    /// <summary>Something answers, and it is no WAHA.</summary>
    public static ActivationOutcome.Refused WrongAddress { get; } = new("wrong-address", "no WAHA answers at this address", "base_url");

    /// <summary>Why an account cannot be activated after this answer, which was not the one that was asked for.</summary>
    public static ActivationOutcome ToActivation(WahaAnswer answer) => answer switch
    {
        { Status: null } => new ActivationOutcome.Unreachable(answer.Trouble),
        { Status: HttpStatusCode.Unauthorized } => new ActivationOutcome.Refused("unauthorized", "the server does not accept the credentials", "api_key"),
        { Status: HttpStatusCode.Forbidden } => new ActivationOutcome.Refused("forbidden", Said(answer, "the server forbids it to this key"), "api_key"),
        { Status: HttpStatusCode.NotFound } when IsMissingSession(answer) => new ActivationOutcome.Refused("session-missing", "the server does not know this session", "session")
        {
            NextStep = "Activate the channel to create it, or correct 'session'.",
        },
        { Status: HttpStatusCode.NotFound } or { IsSuccess: true } => WrongAddress,
        { Status: >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest } =>
            new ActivationOutcome.Refused("wrong-address", "the address answers with a redirect, which we do not follow", "base_url"),
        { Status: HttpStatusCode.UnprocessableEntity } when NeedsPlus(answer) => new ActivationOutcome.Refused("not-in-this-version", PlusWords, "session")
        {
            NextStep = "Update the server to 2026.6 or later, or give the session 'default'.",
        },
        { Status: HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError } =>
            new ActivationOutcome.Unreachable($"the server answers {(int)answer.Status}: {Said(answer, "no words")}"),
        _ => new ActivationOutcome.Refused("rejected", Said(answer, "the server refused without words")),
    };

    /// <summary>An error's words: <c>message</c> (a text or several), what the engine threw, or the name of the error.</summary>
    public static string WordsOf(JsonElement body)
    {
        var message = body.Member("message");
        var words = message.IsArray() ? string.Join("; ", message.EnumerateArray().Take(8).Select(one => one.AsText()).OfType<string>()) : message.AsText();
        var thrown = body.Member("exception");
        return words is { Length: > 0 } ? words : (thrown.IsObject() ? thrown.Filled("message") ?? thrown.Text("details") : thrown.AsText()) ?? body.Text("error") ?? "";
    }

    /// <summary>422: the session is in the wrong state, it exists already, or the build cannot do it. All are said before anything is sent.</summary>
    private static SendOutcome Unprocessable(WahaAnswer answer) =>
        StatusIn(answer) is { } status ? new SendOutcome.TryLater(_reconnect, "reconnecting", $"the session is not connected to WhatsApp at the moment ({Word(status)})")
        : NeedsPlus(answer) ? new SendOutcome.Refused("not-in-this-version", PlusWords)
        : new SendOutcome.Refused("bad-request", Said(answer, "the server refused without words"));

    /// <summary>What the server itself does not find: a session, the chat, a file, or a call that its version has not. Anything else is another's 404.</summary>
    private static SendOutcome NotFound(WahaAnswer answer) =>
        IsMissingSession(answer) ? new SendOutcome.Blocked("session-missing", "the server does not know this session", GatewayFault: false)
        : answer.Body.Member("error").Text("key") == "FILE_NOT_FOUND" ? new SendOutcome.Refused("media-failed", "the server does not find the file")
        : answer.Words.EndsWith(" not found", StringComparison.OrdinalIgnoreCase) && answer.Body.Text("error") == "Not Found" && Has(answer, "chat")
            ? new SendOutcome.Refused("recipient-not-found", Said(answer, ""))

        // Texts every version sends: where that call is not there either, it is the address that is wrong.
        : Array.Exists(_methods, method => answer.Words.StartsWith($"Cannot {method} /api/", StringComparison.Ordinal)) && !Has(answer, "/sendText")
            ? new SendOutcome.Refused("not-supported", "this version of WAHA has no such call")
        : new SendOutcome.Blocked("wrong-address", "no WAHA answers at this address", GatewayFault: true);

    private static SendOutcome Failed(WahaAnswer answer)
    {
        if (WhatsAppServerWords.ErrorIn(answer.Words) is { } error)
        {
            return error;
        }

        if (Has(answer, "connection closed") || Has(answer, "websocket not connected") || Has(answer, "not logged in") || Has(answer, "doesn't contain a device jid")
            || Has(answer, "no connection established"))
        {
            return new SendOutcome.TryLater(_reconnect, "reconnecting", "the session is not connected to WhatsApp at the moment");
        }

        if (Has(answer, "request entity too large"))
        {
            return new SendOutcome.Refused("too-large", "the server takes no message of this size");
        }

        return Has(answer, "invalid wid") || Has(answer, "no lid for user") || Has(answer, "no lid found for") ? new SendOutcome.Refused("recipient-not-found", "this number is not on WhatsApp")
            : Has(answer, "that group does not exist") || Has(answer, "can't send message to unknown server") ? new SendOutcome.Refused("recipient-not-found", Said(answer, ""))
            : Has(answer, "you're not participating in that group") ? new SendOutcome.Refused("recipient-unreachable", "this number is not in that group")

            // The server's own code, stumbling over the chat before it asks its engine. Nothing else of this sort: the browser engines stumble ("reading 'serialize'")
            // over the message that they have just sent.
            : Has(answer, "cannot read properties of undefined (reading 'includes')") ? new SendOutcome.Refused("bad-request", Said(answer, ""))

            // Of 2024: its groups' messages have ids without their sender, and it reads no others.
            : Has(answer, "message id be in format") ? new SendOutcome.Refused("not-in-this-version", "this version of WAHA reacts to nobody else's message in a group; update the server")
            : WhatsAppServerWords.QueryIn(answer.Words)
                ?? WhatsAppServerWords.FileIn(answer.Words)
                ?? WhatsAppServerWords.FetchIn(answer.Words)
                ?? new SendOutcome.Unknown($"the server failed with {(int)answer.Status!}: {Said(answer, "no words")}");
    }

    private const string PlusWords = "this build of WAHA cannot do it: free builds before 2026.6 have only the session 'default' and send no media";

    private static bool NeedsPlus(WahaAnswer answer) => Has(answer, "plus version");

    private static bool Has(WahaAnswer answer, string phrase) => answer.Words.Contains(phrase, StringComparison.OrdinalIgnoreCase);

    private static string Word(string status) => status.Length <= 64 ? Scrub.Clean(status) : "unknown";

    private static string Said(WahaAnswer answer, string otherwise) => answer.Words.Length == 0 ? otherwise : Shortened(Scrub.Clean(answer.Words));

    // Not between the two halves of a character.
    private static string Shortened(string words) =>
        words.Length <= LongestWords ? words : $"{words[..(char.IsHighSurrogate(words[LongestWords - 1]) ? LongestWords - 1 : LongestWords)]}…";
}
