using System.Net;
using Channels.Core.Connectors;

namespace Channels.Samples.SmsGate;

/// <summary>Translates the gateway's answers. The question behind every line: can the message have left?</summary>
internal static class SmsGateErrors
{
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(10);

    public static SendOutcome ToOutcome(HttpStatusCode status, TimeSpan? retryAfter, string? id) => (status, id) switch
    {
        (>= HttpStatusCode.OK and < HttpStatusCode.Ambiguous, { Length: > 0 }) => new SendOutcome.Accepted(id),
        (>= HttpStatusCode.OK and < HttpStatusCode.Ambiguous, _) => new SendOutcome.Unknown("the gateway said yes without a message id"),
        (HttpStatusCode.TooManyRequests, _) => new SendOutcome.TryLater(retryAfter ?? _soon, "rate-limited", "the gateway asks us to send less"),
        (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) => new SendOutcome.Blocked("unauthorized", "the gateway does not accept the API key", GatewayFault: false),
        (HttpStatusCode.ServiceUnavailable, _) => new SendOutcome.TryLater(retryAfter ?? _soon, "unavailable", "the gateway is not available"),
        (>= HttpStatusCode.InternalServerError, _) => new SendOutcome.Unknown($"the gateway failed with {(int)status}"),
        _ => new SendOutcome.Refused("rejected", $"the gateway refused with {(int)status}"),
    };

    public static SendOutcome ToOutcome(HttpRequestException failed) =>
        failed.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
            ? new SendOutcome.TryLater(_soon, "unreachable", "the gateway cannot be reached")
            : new SendOutcome.Unknown("the connection broke off");
}
