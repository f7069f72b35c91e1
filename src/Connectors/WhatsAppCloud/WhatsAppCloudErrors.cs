using System.Net;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Translates Meta's answers: by the error's code where there is one (see <see cref="WhatsAppMetaErrors"/>), else by how the call went.</summary>
/// <remarks>
/// The question behind every line: can the message have left? Meta decides by <c>code</c>; throttling comes as 400, now and then as 429. A 5xx without a code we
/// know, and no answer at all, leave it open; a status that brings our id back settles them.
/// </remarks>
internal static class WhatsAppCloudErrors
{
    private static readonly TimeSpan _pairRecovers = TimeSpan.FromMinutes(10);

    // Meta judges a number's quality by what its people did within a day and more; it says so again if it falls further.
    private static readonly TimeSpan _qualityRecovers = TimeSpan.FromHours(24);

    public static SendOutcome ToOutcome(WhatsAppCloudAnswer answer) => answer switch
    {
        { Status: null, NeverLeft: true } => new SendOutcome.TryLater(WhatsAppMetaErrors.Soon, "unreachable", answer.Trouble),
        { Status: null } => new SendOutcome.Unknown(answer.Trouble),
        { IsSuccess: true } => answer.MessageId is { } id ? new SendOutcome.Accepted(id) : new SendOutcome.Unknown("Meta said yes without a message id"),
        { Error.Code: { } code } when WhatsAppMetaErrors.MeaningOf(code) is not WhatsAppMetaMeaning.Unknown => WhatsAppMetaErrors.ToOutcome(code, WordsOf(answer.Error), WaitOf(answer)),
        { Status: HttpStatusCode.TooManyRequests } => new SendOutcome.TryLater(answer.Wait ?? WhatsAppMetaErrors.Busy, "rate-limited", "Meta asks us to send less"),
        { Status: HttpStatusCode.ServiceUnavailable } => new SendOutcome.TryLater(answer.RetryAfter ?? WhatsAppMetaErrors.Soon, "unavailable", "Meta is not available"),
        { Status: HttpStatusCode.Unauthorized } => new SendOutcome.Blocked("unauthorized", answer.Said, GatewayFault: false),

        // Meta says it of the group or the person as well as of the token: with a code of tomorrow it is this message's alone. Without Meta's error it is a proxy's.
        { Status: HttpStatusCode.Forbidden, IsMetasError: false } => new SendOutcome.Blocked("wrong-address", "what forbids the call is no Graph API", GatewayFault: true),
        { Status: >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest } =>
            new SendOutcome.Blocked("wrong-address", "the address answers with a redirect, which we do not follow", GatewayFault: true),
        { Status: HttpStatusCode.NotFound, Error.Code: null } => new SendOutcome.Blocked("wrong-address", "no Graph API answers at this address", GatewayFault: true),
        { Status: HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError } =>
            new SendOutcome.Unknown($"Meta failed with {(int)answer.Status!}: {answer.Said}"),
        _ => new SendOutcome.Refused("rejected", answer.Said),
    };

    /// <summary>What an account-wide word of Meta's to send less comes to. Without a code it is the number's quality that fell.</summary>
    public static ThrottleWish WishOf(int? code) => WhatsAppMetaErrors.MeaningOf(code) switch
    {
        WhatsAppMetaMeaning.Throttled => new(WhatsAppMetaErrors.Busy, Holds: true),
        WhatsAppMetaMeaning.LongThrottled => new(WhatsAppMetaErrors.Long, Holds: true),

        // Too much to one person, of whom nothing is said here: the others need not wait for that.
        WhatsAppMetaMeaning.PairThrottled => new(_pairRecovers, Holds: false),
        _ => new(_qualityRecovers, Holds: false),
    };

    /// <summary>Why a number cannot be activated after this answer, which was not the one that was asked for.</summary>
    public static ActivationOutcome ToActivation(WhatsAppCloudAnswer answer, string field) => answer switch
    {
        { Status: null } => new ActivationOutcome.Unreachable(answer.Trouble),
        { Error.Meaning: WhatsAppMetaMeaning.Unauthorized } => new ActivationOutcome.Refused("unauthorized", answer.Said, "access_token")
        {
            NextStep = "Generate a system user's token with whatsapp_business_messaging and whatsapp_business_management for this number and account, and put it into access_token.",
        },
        { Error.Meaning: WhatsAppMetaMeaning.Restricted } => new ActivationOutcome.Refused("account-restricted", answer.Said)
        {
            NextStep = "Look at the account's restrictions in WhatsApp Manager and ask Meta for a review there.",
        },
        { Error.Meaning: WhatsAppMetaMeaning.Throttled or WhatsAppMetaMeaning.LongThrottled or WhatsAppMetaMeaning.Passing or WhatsAppMetaMeaning.Undecided } =>
            new ActivationOutcome.Unreachable(answer.Said),
        { Error.Meaning: WhatsAppMetaMeaning.BadRequest } => new ActivationOutcome.Refused("not-found", answer.Said, field),
        { Status: HttpStatusCode.Forbidden, IsMetasError: false } => new ActivationOutcome.Refused("wrong-address", "what forbids the call is no Graph API", "base_url"),
        { Status: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden } => new ActivationOutcome.Refused("unauthorized", answer.Said, "access_token"),
        { Status: HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError } => new ActivationOutcome.Unreachable(answer.Said),
        { Status: HttpStatusCode.NotFound, Error.Code: null } or { IsSuccess: true } => new ActivationOutcome.Refused("wrong-address", "no Graph API answers at this address", "base_url"),
        _ => new ActivationOutcome.Refused("rejected", answer.Said, field),
    };

    // The budget of calls is the account's: too much to one person has nothing to do with it.
    private static TimeSpan? WaitOf(WhatsAppCloudAnswer answer) =>
        answer.Error.Meaning is WhatsAppMetaMeaning.Throttled or WhatsAppMetaMeaning.LongThrottled ? answer.Wait : answer.RetryAfter;

    // The word stands beside them in an outcome.
    private static string WordsOf(WhatsAppCloudError error) => error.Said[(error.Said.IndexOf(": ", StringComparison.Ordinal) + 2)..];
}
