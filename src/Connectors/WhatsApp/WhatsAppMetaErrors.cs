using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsApp;

/// <summary>What one of Meta's errors means for us. Closed: callers switch on it.</summary>
internal enum WhatsAppMetaMeaning
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

    /// <summary>A file that Meta does not have, however often it is asked.</summary>
    MediaGone,

    /// <summary>The token does not hold, or not for this.</summary>
    Unauthorized,

    /// <summary>Meta has restricted or locked the account.</summary>
    Restricted,

    /// <summary>The number is not registered with the Cloud API.</summary>
    NotRegistered,

    /// <summary>Meta has not approved the name that the number shows.</summary>
    NameNotApproved,

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

    /// <summary>Meta is still making the template ready, or lets no more of it out for the moment: everything else may leave.</summary>
    TemplateWaits,

    /// <summary>The request itself is wrong, and stays so.</summary>
    BadRequest,
}

/// <summary>Translates Meta's errors, whoever hands them on: Meta itself, or a gateway in front of its Cloud API. The one place that knows its codes.</summary>
/// <remarks>
/// The question behind every line: can the message have left? An error with a code says that the message was not taken, but for those by which Meta only says that it
/// failed: 1 and 2, 131000 ("something went wrong") and 133004. 131016 and 131057 say that the service was not there to take it.
/// Codes: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
/// </remarks>
internal static class WhatsAppMetaErrors
{
    /// <summary>How long to wait where Meta itself is in trouble.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>How long to send nothing where Meta wants less for a short while.</summary>
    public static readonly TimeSpan Busy = TimeSpan.FromSeconds(30);

    /// <summary>The same where it suspects spam.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(30);

    // One message in six seconds to one person is what lasts.
    private static readonly TimeSpan _pair = TimeSpan.FromSeconds(6);

    // "Template syncing can take up to 10 minutes."
    private static readonly TimeSpan _template = TimeSpan.FromMinutes(10);

    private const int MostMediaAttempts = 3;

    public static WhatsAppMetaMeaning MeaningOf(int? code) => code switch
    {
        4 or 17 or 32 or 341 or 613 or (>= 80004 and <= 80008) or 130429 => WhatsAppMetaMeaning.Throttled,
        131048 or 131064 or 133016 => WhatsAppMetaMeaning.LongThrottled,
        131056 => WhatsAppMetaMeaning.PairThrottled,
        131016 or 131057 or 2494100 => WhatsAppMetaMeaning.Passing,
        1 or 2 or 131000 or 133004 => WhatsAppMetaMeaning.Undecided,
        131053 => WhatsAppMetaMeaning.MediaTrouble,
        131052 => WhatsAppMetaMeaning.MediaGone,
        0 or 3 or 10 or 102 or 190 or (>= 200 and <= 299) or 2500 or 131005 => WhatsAppMetaMeaning.Unauthorized,
        368 or 131031 => WhatsAppMetaMeaning.Restricted,
        131045 or 133010 => WhatsAppMetaMeaning.NotRegistered,
        131037 => WhatsAppMetaMeaning.NameNotApproved,
        131042 => WhatsAppMetaMeaning.Unpaid,
        131047 => WhatsAppMetaMeaning.WindowClosed,

        // 130497: the number may not write to people of this one's country. Any stranger may be of such a country; nobody else has to wait for that.
        131026 or 131020 or 131021 or 131030 or 131041 or 131207 or 130497 => WhatsAppMetaMeaning.Unreachable,
        130472 or 131049 or 131050 => WhatsAppMetaMeaning.HeldBack,
        132069 or 134101 => WhatsAppMetaMeaning.TemplateWaits,
        (>= 132000 and <= 132999) or 134102 => WhatsAppMetaMeaning.Template,
        33 or 100 or 131008 or 131009 or 131051 or 131060 or 131062 or 131063 or 133000 or 135000 => WhatsAppMetaMeaning.BadRequest,
        _ => WhatsAppMetaMeaning.Unknown,
    };

    /// <summary>Our word for it, as outcomes and statuses show it.</summary>
    public static string WordOf(WhatsAppMetaMeaning meaning) => meaning switch
    {
        WhatsAppMetaMeaning.Throttled => "rate-limited",
        WhatsAppMetaMeaning.LongThrottled => "rate-limited",
        WhatsAppMetaMeaning.PairThrottled => "recipient-rate-limited",
        WhatsAppMetaMeaning.Passing or WhatsAppMetaMeaning.Undecided => "unavailable",
        WhatsAppMetaMeaning.MediaTrouble or WhatsAppMetaMeaning.MediaGone => "media-failed",
        WhatsAppMetaMeaning.Unauthorized => "unauthorized",
        WhatsAppMetaMeaning.Restricted => "account-restricted",
        WhatsAppMetaMeaning.NotRegistered => "number-not-registered",
        WhatsAppMetaMeaning.NameNotApproved => "name-not-approved",
        WhatsAppMetaMeaning.Unpaid => "payment-required",
        WhatsAppMetaMeaning.WindowClosed => "window-closed",
        WhatsAppMetaMeaning.Unreachable => "recipient-unreachable",
        WhatsAppMetaMeaning.HeldBack => "not-delivered",
        WhatsAppMetaMeaning.Template => "template-refused",
        WhatsAppMetaMeaning.TemplateWaits => "template-not-ready",
        WhatsAppMetaMeaning.BadRequest => "bad-request",
        _ => "rejected",
    };

    /// <summary>What an error comes to as the answer to a send.</summary>
    /// <param name="code">Meta's code.</param>
    /// <param name="words">Meta's words, fit to be shown.</param>
    /// <param name="retryAfter">How long Meta asks us to wait, where it does.</param>
    public static SendOutcome ToOutcome(int code, string words, TimeSpan? retryAfter) => MeaningOf(code) switch
    {
        WhatsAppMetaMeaning.Throttled => new SendOutcome.TryLater(retryAfter ?? Busy, "rate-limited", words),
        WhatsAppMetaMeaning.LongThrottled => new SendOutcome.TryLater(retryAfter ?? Long, "rate-limited", words),
        WhatsAppMetaMeaning.PairThrottled => new SendOutcome.TryLater(retryAfter ?? _pair, WordOf(WhatsAppMetaMeaning.PairThrottled), words) { OfThisMessage = true },
        WhatsAppMetaMeaning.Passing => new SendOutcome.TryLater(retryAfter ?? Soon, "unavailable", words),
        WhatsAppMetaMeaning.Undecided => new SendOutcome.Unknown($"Meta failed with error {code}: {words}"),
        WhatsAppMetaMeaning.MediaTrouble => new SendOutcome.TryLater(Soon, "media-failed", words) { OfThisMessage = true, MostAttempts = MostMediaAttempts },
        WhatsAppMetaMeaning.TemplateWaits => new SendOutcome.TryLater(retryAfter ?? _template, WordOf(WhatsAppMetaMeaning.TemplateWaits), words) { OfThisMessage = true },
        WhatsAppMetaMeaning.Unauthorized or WhatsAppMetaMeaning.Restricted or WhatsAppMetaMeaning.NotRegistered or WhatsAppMetaMeaning.NameNotApproved or WhatsAppMetaMeaning.Unpaid =>
            new SendOutcome.Blocked(WordOf(MeaningOf(code)), words, GatewayFault: false),
        _ => new SendOutcome.Refused(WordOf(MeaningOf(code)), words),
    };
}
