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
    private const int MostMediaAttempts = 3;

    public static WhatsAppMetaMeaning MeaningOf(int? code) => code switch
    {
        4 or 17 or 32 or 613 or 80007 or 130429 => WhatsAppMetaMeaning.Throttled,
        131048 or 131064 or 133016 => WhatsAppMetaMeaning.LongThrottled,
        131056 => WhatsAppMetaMeaning.PairThrottled,
        131016 or 131057 => WhatsAppMetaMeaning.Passing,
        1 or 2 or 131000 or 133004 => WhatsAppMetaMeaning.Undecided,
        131052 or 131053 => WhatsAppMetaMeaning.MediaTrouble,
        0 or 3 or 10 or 102 or 190 or (>= 200 and <= 299) or 131005 => WhatsAppMetaMeaning.Unauthorized,
        368 or 131031 => WhatsAppMetaMeaning.Restricted,
        131045 or 133010 => WhatsAppMetaMeaning.NotRegistered,
        131042 => WhatsAppMetaMeaning.Unpaid,
        131047 => WhatsAppMetaMeaning.WindowClosed,

        // 130497: the number may not write to people of this one's country. Any stranger may be of such a country; nobody else has to wait for that.
        131026 or 131021 or 130497 => WhatsAppMetaMeaning.Unreachable,
        130472 or 131049 or 131050 => WhatsAppMetaMeaning.HeldBack,
        >= 132000 and <= 132999 => WhatsAppMetaMeaning.Template,
        33 or 100 or 131008 or 131009 or 131051 or 131060 or 131062 or 131063 or 135000 => WhatsAppMetaMeaning.BadRequest,
        _ => WhatsAppMetaMeaning.Unknown,
    };

    /// <summary>Our word for it, as outcomes and statuses show it.</summary>
    public static string WordOf(WhatsAppMetaMeaning meaning) => meaning switch
    {
        WhatsAppMetaMeaning.Throttled => "rate-limited",
        WhatsAppMetaMeaning.LongThrottled => "rate-limited",
        WhatsAppMetaMeaning.PairThrottled => "recipient-rate-limited",
        WhatsAppMetaMeaning.Passing or WhatsAppMetaMeaning.Undecided => "unavailable",
        WhatsAppMetaMeaning.MediaTrouble => "media-failed",
        WhatsAppMetaMeaning.Unauthorized => "unauthorized",
        WhatsAppMetaMeaning.Restricted => "account-restricted",
        WhatsAppMetaMeaning.NotRegistered => "number-not-registered",
        WhatsAppMetaMeaning.Unpaid => "payment-required",
        WhatsAppMetaMeaning.WindowClosed => "window-closed",
        WhatsAppMetaMeaning.Unreachable => "recipient-unreachable",
        WhatsAppMetaMeaning.HeldBack => "not-delivered",
        WhatsAppMetaMeaning.Template => "template-refused",
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
        WhatsAppMetaMeaning.Unauthorized or WhatsAppMetaMeaning.Restricted or WhatsAppMetaMeaning.NotRegistered or WhatsAppMetaMeaning.Unpaid =>
            new SendOutcome.Blocked(WordOf(MeaningOf(code)), words, GatewayFault: false),
        _ => new SendOutcome.Refused(WordOf(MeaningOf(code)), words),
    };
}
