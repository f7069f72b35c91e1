using System.Text.Json.Serialization;

namespace Channels.Api.Errors;

/// <summary>One kind of problem the API can answer with.</summary>
/// <param name="Code">For programs; never changes.</param>
/// <param name="Status">The HTTP status it always comes with.</param>
/// <param name="Title">For people; the same for every occurrence.</param>
/// <param name="Remedy">What to do about it.</param>
internal sealed record ApiError(string Code, int Status, string Title, string Remedy)
{
    /// <summary>After how many seconds it makes sense to try again; null when it does not.</summary>
    public int? RetryAfter { get; init; }
}

/// <summary>What is wrong with one field.</summary>
/// <param name="Field">Its name as in the request, with dots for members.</param>
/// <param name="Message">The rule and the remedy. Never the value: it may be a secret.</param>
/// <param name="Rule">The rule's name for programs, where the field is a setting of a channel kind.</param>
/// <param name="Remedy">What to do, by itself, likewise.</param>
internal sealed record FieldComplaint(
    string Field, string Message, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Rule = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Remedy = null);
