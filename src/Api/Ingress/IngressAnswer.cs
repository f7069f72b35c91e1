using System.Globalization;
using System.Text;
using System.Text.Json;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Microsoft.AspNetCore.Http;

namespace Channels.Api.Ingress;

/// <summary>The answers a webhook can get, made beforehand: writing one allocates nothing.</summary>
internal sealed class IngressAnswer
{
    private readonly int _status;
    private readonly string _contentType;
    private readonly byte[] _body;
    private readonly string? _retryAfter;

    private IngressAnswer(int status, string outcome, string contentType, byte[] body, string? retryAfter)
    {
        _status = status;
        Outcome = outcome;
        _contentType = contentType;
        _body = body;
        _retryAfter = retryAfter;
    }

    public static IngressAnswer Stored { get; } = new(StatusCodes.Status200OK, "stored", "application/json", "{}"u8.ToArray(), null);

    /// <summary>Stored, with what the provider reads in the answer.</summary>
    public static IngressAnswer StoredSaying(byte[] json) => new(StatusCodes.Status200OK, "stored", "application/json", json, null);

    public static IngressAnswer NotFound { get; } = Made(ErrorCatalogue.NotFound);

    public static IngressAnswer Unauthenticated { get; } = Made(ErrorCatalogue.WebhookUnauthenticated);

    public static IngressAnswer MethodNotAllowed { get; } = Made(ErrorCatalogue.MethodNotAllowed);

    public static IngressAnswer WrongToken { get; } = Made(ErrorCatalogue.WebhookTokenWrong);

    public static IngressAnswer Ambiguous { get; } = Made(ErrorCatalogue.WebhookAmbiguous);

    public static IngressAnswer TooLarge { get; } = Made(ErrorCatalogue.TooLarge);

    public static IngressAnswer StoreUnavailable { get; } = Made(ErrorCatalogue.StoreUnavailable);

    public static IngressAnswer InboxFull { get; } = Made(ErrorCatalogue.InboxFull);

    public static IngressAnswer InternalError { get; } = Made(ErrorCatalogue.InternalError);

    /// <summary>For the metrics: a word of a small closed set.</summary>
    public string Outcome { get; }

    /// <summary>Whether the kind in the path was found to exist; else it is anybody's text and no tag.</summary>
    public bool KnowsKind => _status != StatusCodes.Status404NotFound;

    /// <summary>What a provider wants to hear from an address that is ours: its own word, bare.</summary>
    public static IngressAnswer Challenge(string word) => new(StatusCodes.Status200OK, "handshake", "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(word), null);

    /// <summary>The answer for any error of the catalogue.</summary>
    public static IngressAnswer For(ApiError error) => Made(error);

    /// <summary>The answer to a body that does not say whom it is for.</summary>
    public static IngressAnswer Unnamed(string field) =>
        Made(ErrorCatalogue.BadRequest, new FieldComplaint(field, "is missing, empty, no text, or stands behind broken JSON. The body must be a JSON object that names the account there."));

    public Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = _status;
        response.ContentType = _contentType;
        response.ContentLength = _body.Length;
        if (_retryAfter is not null)
        {
            response.Headers.RetryAfter = _retryAfter;
        }

        if (_status == StatusCodes.Status405MethodNotAllowed)
        {
            response.Headers.Allow = HttpMethods.Post;
        }

        if (_status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Webhook realm=\"channels\"";
        }

        return response.Body.WriteAsync(_body, 0, _body.Length);
    }

    private static IngressAnswer Made(ApiError error, params FieldComplaint[] complaints) => new(
        error.Status, error.Code, Problem.ContentType,
        JsonSerializer.SerializeToUtf8Bytes(new Problem(error, null, complaints.Length > 0 ? complaints : null).Details(traceId: null), ApiJson.Options), error.RetryAfter?.ToString(CultureInfo.InvariantCulture));
}
