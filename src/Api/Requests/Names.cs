using Channels.Api.Errors;

namespace Channels.Api.Requests;

/// <summary>The one rule for what people call things.</summary>
internal static class Names
{
    private const int Longest = 200;

    /// <summary>What is wrong with a trimmed name; null when nothing is.</summary>
    public static FieldComplaint? Complaint(string field, string name) =>
        name.Length is 0 or > Longest ? new(field, $"must have 1 to {Longest} characters; it has {name.Length}.")
        : name.Any(char.IsControl) ? new(field, "must not contain control characters.")
        : null;
}
