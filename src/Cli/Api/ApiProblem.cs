using System.Collections.Immutable;
using System.Text.Json;

namespace Channels.Cli.Api;

/// <summary>The server's problem details (RFC 9457, <c>docs/errors.md</c>).</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">For programs.</param>
/// <param name="Title">The same for every occurrence.</param>
/// <param name="Detail">About this one.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Fields">The fields at fault.</param>
/// <param name="TraceId">For the operator to find it in the logs.</param>
/// <param name="RetryAfter">When asking again is of use.</param>
/// <param name="Cursor">Where to go on reading, if events are gone.</param>
internal sealed record ApiProblem(
    int Status, string Code, string Title, string? Detail, string? Remedy, ImmutableArray<ProblemField> Fields, string? TraceId, TimeSpan? RetryAfter, string? Cursor)
{
    /// <summary>Reads a body; null when it is no problem of Channels.</summary>
    public static ApiProblem? TryRead(int status, string body, TimeSpan? retryAfter)
    {
        try
        {
            var root = JsonSerializer.Deserialize<JsonElement>(body);
            return root.Text("code") is { } code && root.Text("title") is { } title
                ? new(status, code, title, root.Text("detail"), root.Text("remedy"), [.. root.Items("errors").Select(ProblemField.Of)], root.Text("trace_id"), retryAfter, root.Text("cursor"))
                : null;
        }
        catch (JsonException)
        {
            // A proxy's page, for example.
            return null;
        }
    }

    /// <summary>Whether the very same request may find an answer a little later.</summary>
    public bool MayPass => Status is 408 or 429 or 503 or 504 || Code == "idempotency_under_way";
}

/// <summary>A field at fault.</summary>
internal sealed record ProblemField(string Field, string Message)
{
    public static ProblemField Of(JsonElement complaint) => new(complaint.Text("field") ?? "", complaint.Text("message") ?? "");
}
