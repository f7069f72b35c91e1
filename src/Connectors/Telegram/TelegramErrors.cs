using System.Net;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Translates what Telegram answers into outcomes. The one place that knows its codes and phrases.</summary>
/// <remarks>
/// The question behind every line: can the message have left? A 4xx of the Bot API is said instead of sending. 500, 502 and 504 may come after it: the server hands the
/// message on and then waits for the answer. There is no idempotency key and nothing to look a sent message up by, so that such an outcome stays unknown.
/// 503 is what a proxy says when it has nobody to hand the request to. Source: the Bot API's reference, and the words of its server program.
/// </remarks>
internal static class TelegramErrors
{
    private const int LongestWords = 300;
    private static readonly TimeSpan _again = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _busy = TimeSpan.FromSeconds(30);

    // There is no such chat, or none that this bot has met.
    private static readonly string[] _nobody = ["chat not found", "peer_id_invalid", "user_id_invalid", "user not found"];

    // The chat exists, or existed, and takes nothing from us any more. Telegram says most of it with 403 and some with 400.
    private static readonly string[] _unreachable =
    [
        "not enough rights to send", "have no rights to send a message", "need administrator rights", "chat_write_forbidden", "user_is_blocked", "user is deactivated", "group is deactivated",
        "bot is not a member", "chat_restricted", "the group is deleted", "business_peer", "business connection not found", "can't initiate conversation", "channel_private", "chat_admin_required",
        "chat is deactivated", "privacy_premium_required", "allow_payment_required",
    ];

    public static SendOutcome ToOutcome(TelegramAnswer answer) => answer switch
    {
        { Status: null, NeverLeft: true } => new SendOutcome.TryLater(_again, "unreachable", answer.Trouble),
        { Status: null } => new SendOutcome.Unknown(answer.Trouble),
        { IsSuccess: true } => IdOf(answer) is { } id ? new SendOutcome.Accepted(id) : new SendOutcome.Unknown("Telegram said yes without a message id"),
        { Status: HttpStatusCode.TooManyRequests } => new SendOutcome.TryLater(answer.RetryAfter ?? _busy, "rate-limited", "Telegram asks us to send less"),
        { Status: HttpStatusCode.ServiceUnavailable } => new SendOutcome.TryLater(answer.RetryAfter ?? _again, "unavailable", "the Bot API is not available"),
        { Status: HttpStatusCode.RequestEntityTooLarge } => new SendOutcome.Refused("too-large", "Telegram takes no message of this size"),
        { Status: >= HttpStatusCode.InternalServerError } => new SendOutcome.Unknown($"Telegram failed with {(int)answer.Status}: {Said(answer, "no words")}"),
        // A proxy may lose the answer to what it has passed on: a yes that cannot be read is no proof that nothing left.
        { IsBotApi: false, Status: >= HttpStatusCode.OK and < HttpStatusCode.Ambiguous } => new SendOutcome.Unknown("what answered yes is no Bot API"),
        { IsBotApi: false, Status: HttpStatusCode.Unauthorized } => new SendOutcome.Blocked("unauthorized", "what answers at this address asks for another key", GatewayFault: false),
        { IsBotApi: false } => new SendOutcome.Blocked("wrong-address", "no Bot API answers at this address", GatewayFault: true),
        // A server of one's own may be older than the method; only an unknown token makes it say no more than "Not Found".
        { Status: HttpStatusCode.NotFound } when Has(answer, "method not found") => new SendOutcome.Refused("not-supported", "this Bot API server is too old for such a message"),
        { Status: HttpStatusCode.Unauthorized or HttpStatusCode.NotFound } => new SendOutcome.Blocked("unauthorized", "Telegram does not accept the bot's token", GatewayFault: false),
        _ when IsNotOurs(answer) => new SendOutcome.Blocked("unauthorized", Said(answer, "this Bot API server does not serve the bot"), GatewayFault: false),

        // The bot's own account, whoever it writes to.
        { Status: HttpStatusCode.BadRequest or HttpStatusCode.Forbidden } when Has(answer, "frozen_method_invalid") => new SendOutcome.Blocked("account-restricted", Said(answer, ""), GatewayFault: false),
        { Status: HttpStatusCode.Forbidden } => new SendOutcome.Refused("recipient-unreachable", Said(answer, "the chat takes nothing from this bot")),
        { Status: HttpStatusCode.Conflict } => new SendOutcome.Refused("conflict", Said(answer, "")),
        _ => Rejected(answer),
    };

    /// <summary>The text's marks are broken. Checked before anything else: nothing has left.</summary>
    public static bool IsUnparsable(TelegramAnswer answer) => answer.Status == HttpStatusCode.BadRequest && Has(answer, "can't parse entities");

    /// <summary>The group has become a supergroup, whose id the answer holds. Nothing has left.</summary>
    public static bool IsMigrated(TelegramAnswer answer) => answer.Status == HttpStatusCode.BadRequest && answer.MigratedTo is not null;

    /// <summary>Nothing can be fetched because a webhook gets it all.</summary>
    public static bool IsWebhookInTheWay(TelegramAnswer answer) =>
        answer.Status == HttpStatusCode.Conflict && (Has(answer, "webhook is active") || Has(answer, "terminated by setWebhook"));

    /// <summary>Why an account cannot be activated after this answer, which was not the one that was asked for.</summary>
    public static ActivationOutcome ToActivation(TelegramAnswer answer) => answer switch
    {
        { Status: null } => new ActivationOutcome.Unreachable(answer.Trouble),
        { Status: HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError } =>
            new ActivationOutcome.Unreachable($"Telegram answers {(int)answer.Status}: {Said(answer, "no words")}"),
        { IsBotApi: false } => new ActivationOutcome.Refused("wrong-address", "no Bot API answers at this address", "base_url"),
        _ when IsNotOurs(answer) => new ActivationOutcome.Refused("unauthorized", Said(answer, "this Bot API server does not serve the bot"), "bot_token"),
        { Status: HttpStatusCode.Unauthorized or HttpStatusCode.NotFound } => new ActivationOutcome.Refused("unauthorized", "Telegram does not accept this token", "bot_token"),
        _ => new ActivationOutcome.Refused("rejected", Said(answer, "Telegram refused without words")),
    };

    /// <summary>Telegram's words, cut to a length that fits into a line.</summary>
    public static string Said(TelegramAnswer answer, string otherwise)
    {
        var words = answer.Description;
        return words.Length == 0 ? otherwise
            : words.Length <= LongestWords ? words
            : $"{words[..(char.IsHighSurrogate(words[LongestWords - 1]) ? LongestWords - 1 : LongestWords)]}…";
    }

    // A guest answer has no message of its own, only the inline message it became.
    private static string? IdOf(TelegramAnswer answer) =>
        answer.Result.Id("message_id") ?? (answer.Result.Id("inline_message_id") is { } inline ? $"inline:{inline}" : null);

    private static SendOutcome.Refused Rejected(TelegramAnswer answer) =>
        Array.Exists(_nobody, phrase => Has(answer, phrase)) ? new("recipient-not-found", Said(answer, ""))
        : Array.Exists(_unreachable, phrase => Has(answer, phrase)) || IsForbiddenThere(answer) ? new("recipient-unreachable", Said(answer, ""))
        : Has(answer, "thread not found") || Has(answer, "topic_closed") || Has(answer, "topic_deleted") ? new("topic-gone", Said(answer, ""))
        : Has(answer, "message is too long") ? new("text-too-long", Said(answer, ""))
        : Has(answer, "query is too old") || Has(answer, "query id is invalid") ? new("too-late", Said(answer, ""))
        : new("bad-request", Said(answer, "Telegram refused without words"));

    // The chat forbids just this: CHAT_SEND_PHOTOS_FORBIDDEN, CHAT_SEND_PLAIN_FORBIDDEN and so on.
    private static bool IsForbiddenThere(TelegramAnswer answer) => Has(answer, "chat_send_") && Has(answer, "_forbidden");

    // A server that the bot was moved away from says "Logged out" with 400, one of several that is not this bot's 421.
    private static bool IsNotOurs(TelegramAnswer answer) => answer.Status == HttpStatusCode.MisdirectedRequest
        || (answer.Status == HttpStatusCode.BadRequest && answer.Description.EndsWith("logged out", StringComparison.OrdinalIgnoreCase));

    private static bool Has(TelegramAnswer answer, string phrase) => answer.Description.Contains(phrase, StringComparison.OrdinalIgnoreCase);
}
