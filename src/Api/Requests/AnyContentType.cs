namespace Channels.Api.Requests;

/// <summary>What an endpoint describes itself to take, without routing refusing anything else.</summary>
internal static class AnyContentType
{
    /// <summary>Matches every content type, and none.</summary>
    public const string Any = "*/*";

    /// <summary>Described as JSON.</summary>
    public static string[] AsJson { get; } = ["application/json", Any];
}
