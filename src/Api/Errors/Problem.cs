using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Channels.Api.Errors;

/// <summary>An answer that says what went wrong: RFC 9457 problem details with a code of the catalogue.</summary>
internal sealed class Problem(ApiError error, string? detail = null, IReadOnlyList<FieldComplaint>? errors = null) : IResult, IStatusCodeHttpResult
{
    public const string ContentType = "application/problem+json";

    public ApiError Error => error;

    public int? StatusCode => error.Status;

    public static Problem NotFound { get; } = new(ErrorCatalogue.NotFound);

    /// <summary>Shown as it is: without secrets, texts or what is inside our network.</summary>
    public string? Detail => detail;

    /// <summary>Where to go on reading instead; with <see cref="ErrorCatalogue.EventsGone"/>.</summary>
    public string? Cursor { get; init; }

    public static Problem Field(ApiError error, string field, string message) => new(error, null, [new(field, message)]);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = error.Status;
        if (error.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers[HeaderNames.WWWAuthenticate] = "Bearer realm=\"channels\"";
        }

        return response.WriteAsJsonAsync(Details(httpContext.TraceIdentifier), options: null, ContentType, httpContext.RequestAborted);
    }

    /// <summary>The body; also what is precomputed where an answer must cost nothing.</summary>
    public ProblemBody Details(string? traceId) =>
        new($"/docs#error-{error.Code}", error.Title, error.Status, error.Code, detail, error.Remedy, errors, error.Status >= 500 ? traceId : null, Cursor);
}

/// <summary>RFC 9457 problem details with this product's additions.</summary>
/// <param name="Type">Where the problem is described.</param>
/// <param name="Title">The same for every occurrence.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">For programs; one of the closed catalogue.</param>
/// <param name="Detail">About this occurrence.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Errors">The fields at fault, all at once.</param>
/// <param name="TraceId">For the operator to find it in the logs.</param>
/// <param name="Cursor">Where to go on reading, as in an answer; with <c>events_gone</c> only.</param>
internal sealed record ProblemBody(
    string Type, string Title, int Status, string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail,
    string Remedy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FieldComplaint>? Errors,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TraceId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Cursor = null);
