using System.Net;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>What one of Meta's errors means for us. Closed: callers switch on it.</summary>
internal enum WhatsAppCloudMeaning
{
    /// <summary>A code we do not know, or none.</summary>
    Unknown = 0,

    /// <summary>Less, for a short while: of this number, account or app.</summary>
    Throttled,

    /// <summary>Less, for long: Meta suspects spam or holds the number back.</summary>
    LongThrottled,

    /// <summary>Less to this one person.</summary>
    PairThrottled,

    /// <summary>Meta itself is in trouble and says that it did not send.</summary>
    Passing,

    /// <summary>Meta itself is in trouble and does not say whether it sent.</summary>
    Undecided,

    /// <summary>A file could not be fetched or kept by Meta.</summary>
    MediaTrouble,

    /// <summary>The token does not hold, or not for this.</summary>
    Unauthorized,

    /// <summary>Meta has restricted or locked the account.</summary>
    Restricted,

    /// <summary>The number is not registered with the Cloud API.</summary>
    NotRegistered,

    /// <summary>Nobody pays for what would be sent.</summary>
    Unpaid,

    /// <summary>More than 24 hours since the person wrote: only a template may be sent.</summary>
    WindowClosed,

    /// <summary>This person cannot be reached.</summary>
    Unreachable,

    /// <summary>Meta, or the person, chose that it is not delivered.</summary>
    HeldBack,

    /// <summary>The template does not fit, or is stopped.</summary>
    Template,

    /// <summary>The request itself is wrong, and stays so.</summary>
    BadRequest,
}

/// <summary>Translates Meta's answers to a send. The one place that knows its codes.</summary>
/// <remarks>
/// The question behind every line: can the message have left? Meta decides by <c>code</c>; throttling comes as 400, now and then as 429.
/// An error with a code says that the message was not taken, but for those by which Meta only says that it failed: 1 and 2, 131000 ("something went wrong") and
/// 133004. Those, a 5xx without a code we know, and no answer at all leave it open; a status that brings our id back settles them. 131016 and 131057 say that the
/// service was not there to take it.
/// Codes: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
/// </remarks>
internal static class WhatsAppCloudErrors
{
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _busy = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _long = TimeSpan.FromMinutes(30);

    // One message in six seconds to one person is what lasts.
    private static readonly TimeSpan _pair = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan _pairRecovers = TimeSpan.FromMinutes(10);

    // Meta judges a number's quality by what its people did within a day and more; it says so again if it falls further.
    private static readonly TimeSpan _qualityRecovers = TimeSpan.FromHours(24);
    private const int MostMediaAttempts = 3;

    public static WhatsAppCloudMeaning MeaningOf(int? code) => code switch
    {
        4 or 17 or 32 or 613 or 80007 or 130429 => WhatsAppCloudMeaning.Throttled,
        131048 or 131064 or 133016 => WhatsAppCloudMeaning.LongThrottled,
        131056 => WhatsAppCloudMeaning.PairThrottled,
        131016 or 131057 => WhatsAppCloudMeaning.Passing,
        1 or 2 or 131000 or 133004 => WhatsAppCloudMeaning.Undecided,
        131052 or 131053 => WhatsAppCloudMeaning.MediaTrouble,
        0 or 3 or 10 or 102 or 190 or (>= 200 and <= 299) or 131005 => WhatsAppCloudMeaning.Unauthorized,
        368 or 131031 => WhatsAppCloudMeaning.Restricted,
        131045 or 133010 => WhatsAppCloudMeaning.NotRegistered,
        131042 => WhatsAppCloudMeaning.Unpaid,
        131047 => WhatsAppCloudMeaning.WindowClosed,

        // 130497: the number may not write to people of this one's country. Any stranger may be of such a country; nobody else has to wait for that.
        131026 or 131021 or 130497 => WhatsAppCloudMeaning.Unreachable,
        130472 or 131049 or 131050 => WhatsAppCloudMeaning.HeldBack,
        >= 132000 and <= 132999 => WhatsAppCloudMeaning.Template,
        33 or 100 or 131008 or 131009 or 131051 or 131060 or 131062 or 131063 or 135000 => WhatsAppCloudMeaning.BadRequest,
        _ => WhatsAppCloudMeaning.Unknown,
    };

    /// <summary>Our word for it, as outcomes and statuses show it.</summary>
    public static string WordOf(WhatsAppCloudMeaning meaning) => meaning switch
    {
        WhatsAppCloudMeaning.Throttled => "rate-limited",
        WhatsAppCloudMeaning.LongThrottled => "rate-limited",
        WhatsAppCloudMeaning.PairThrottled => "recipient-rate-limited",
        WhatsAppCloudMeaning.Passing or WhatsAppCloudMeaning.Undecided => "unavailable",
        WhatsAppCloudMeaning.MediaTrouble => "media-failed",
        WhatsAppCloudMeaning.Unauthorized => "unauthorized",
        WhatsAppCloudMeaning.Restricted => "account-restricted",
        WhatsAppCloudMeaning.NotRegistered => "number-not-registered",
        WhatsAppCloudMeaning.Unpaid => "payment-required",
        WhatsAppCloudMeaning.WindowClosed => "window-closed",
        WhatsAppCloudMeaning.Unreachable => "recipient-unreachable",
        WhatsAppCloudMeaning.HeldBack => "not-delivered",
        WhatsAppCloudMeaning.Template => "template-refused",
        WhatsAppCloudMeaning.BadRequest => "bad-request",
        _ => "rejected",
    };

    public static SendOutcome ToOutcome(WhatsAppCloudAnswer answer) => answer switch
    {
        { Status: null, NeverLeft: true } => new SendOutcome.TryLater(_soon, "unreachable", answer.Trouble),
        { Status: null } => new SendOutcome.Unknown(answer.Trouble),
        { IsSuccess: true } => answer.MessageId is { } id ? new SendOutcome.Accepted(id) : new SendOutcome.Unknown("Meta said yes without a message id"),
        { Error.Code: { } code } when MeaningOf(code) is not WhatsAppCloudMeaning.Unknown => ToOutcome(answer.Error, answer.RetryAfter),
        { Status: HttpStatusCode.TooManyRequests } => new SendOutcome.TryLater(answer.RetryAfter ?? _busy, "rate-limited", "Meta asks us to send less"),
        { Status: HttpStatusCode.ServiceUnavailable } => new SendOutcome.TryLater(answer.RetryAfter ?? _soon, "unavailable", "Meta is not available"),
        { Status: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden } => new SendOutcome.Blocked("unauthorized", answer.Said, GatewayFault: false),
        { Status: >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest } =>
            new SendOutcome.Blocked("wrong-address", "the address answers with a redirect, which we do not follow", GatewayFault: true),
        { Status: HttpStatusCode.NotFound, Error.Code: null } => new SendOutcome.Blocked("wrong-address", "no Graph API answers at this address", GatewayFault: true),
        { Status: HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError } =>
            new SendOutcome.Unknown($"Meta failed with {(int)answer.Status!}: {answer.Said}"),
        _ => new SendOutcome.Refused("rejected", answer.Said),
    };

    /// <summary>What an account-wide word of Meta's to send less comes to. Without a code it is the number's quality that fell.</summary>
    public static ThrottleWish WishOf(int? code) => MeaningOf(code) switch
    {
        WhatsAppCloudMeaning.Throttled => new(_busy, Holds: true),
        WhatsAppCloudMeaning.LongThrottled => new(_long, Holds: true),

        // Too much to one person, of whom nothing is said here: the others need not wait for that.
        WhatsAppCloudMeaning.PairThrottled => new(_pairRecovers, Holds: false),
        _ => new(_qualityRecovers, Holds: false),
    };

    /// <summary>Why a number cannot be activated after this answer, which was not the one that was asked for.</summary>
    public static ActivationOutcome ToActivation(WhatsAppCloudAnswer answer, string field) => answer switch
    {
        { Status: null } => new ActivationOutcome.Unreachable(answer.Trouble),
        { Error.Meaning: WhatsAppCloudMeaning.Unauthorized } => new ActivationOutcome.Refused("unauthorized", answer.Said, "access_token")
        {
            NextStep = "Generate a system user's token with whatsapp_business_messaging and whatsapp_business_management for this number and account, and put it into access_token.",
        },
        { Error.Meaning: WhatsAppCloudMeaning.Restricted } => new ActivationOutcome.Refused("account-restricted", answer.Said)
        {
            NextStep = "Look at the account's restrictions in WhatsApp Manager and ask Meta for a review there.",
        },
        { Error.Meaning: WhatsAppCloudMeaning.Throttled or WhatsAppCloudMeaning.LongThrottled or WhatsAppCloudMeaning.Passing or WhatsAppCloudMeaning.Undecided } =>
            new ActivationOutcome.Unreachable(answer.Said),
        { Error.Meaning: WhatsAppCloudMeaning.BadRequest } => new ActivationOutcome.Refused("not-found", answer.Said, field),
        { Status: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden } => new ActivationOutcome.Refused("unauthorized", answer.Said, "access_token"),
        { Status: HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError } => new ActivationOutcome.Unreachable(answer.Said),
        { Status: HttpStatusCode.NotFound, Error.Code: null } or { IsSuccess: true } => new ActivationOutcome.Refused("wrong-address", "no Graph API answers at this address", "base_url"),
        _ => new ActivationOutcome.Refused("rejected", answer.Said, field),
    };

    private static SendOutcome ToOutcome(WhatsAppCloudError error, TimeSpan? retryAfter) => error.Meaning switch
    {
        WhatsAppCloudMeaning.Throttled => new SendOutcome.TryLater(retryAfter ?? _busy, "rate-limited", WordsOf(error)),
        WhatsAppCloudMeaning.LongThrottled => new SendOutcome.TryLater(retryAfter ?? _long, "rate-limited", WordsOf(error)),
        WhatsAppCloudMeaning.PairThrottled => new SendOutcome.TryLater(retryAfter ?? _pair, WordOf(error.Meaning), WordsOf(error)) { OfThisMessage = true },
        WhatsAppCloudMeaning.Passing => new SendOutcome.TryLater(retryAfter ?? _soon, "unavailable", WordsOf(error)),
        WhatsAppCloudMeaning.Undecided => new SendOutcome.Unknown($"Meta failed with error {error.Code}: {WordsOf(error)}"),
        WhatsAppCloudMeaning.MediaTrouble => new SendOutcome.TryLater(_soon, "media-failed", WordsOf(error)) { OfThisMessage = true, MostAttempts = MostMediaAttempts },
        WhatsAppCloudMeaning.Unauthorized or WhatsAppCloudMeaning.Restricted or WhatsAppCloudMeaning.NotRegistered or WhatsAppCloudMeaning.Unpaid =>
            new SendOutcome.Blocked(WordOf(error.Meaning), WordsOf(error), GatewayFault: false),
        _ => new SendOutcome.Refused(WordOf(error.Meaning), WordsOf(error)),
    };

    // The word stands beside them in an outcome.
    private static string WordsOf(WhatsAppCloudError error) => error.Said[(error.Said.IndexOf(": ", StringComparison.Ordinal) + 2)..];
}
