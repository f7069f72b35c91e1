using System.Text.Json;
using Channels.Core.Conversations;

namespace Channels.Core.Agents;

/// <summary>Where a message's file is, for an agent that is asked about the message.</summary>
/// <param name="Status"><c>stored</c> (its <c>media_id</c> says where), <c>pending</c> (still being fetched) or <c>missing</c> (given up).</param>
/// <param name="Reason">Why it is not here; null when it is, and while the first attempt to fetch it runs.</param>
public sealed record AgentFile(string Status, string? Reason)
{
    /// <summary>The product has it.</summary>
    public const string Stored = "stored";

    /// <summary>It is still being fetched.</summary>
    public const string Pending = "pending";

    /// <summary>It is not to be had.</summary>
    public const string Missing = "missing";

    /// <summary>What a message's details say of its file; null where they say nothing: there is none, or nobody fetches it.</summary>
    /// <param name="details">The message's details as JSON, or null.</param>
    /// <param name="pending">Set while the file is being fetched.</param>
    public static AgentFile? Of(string? details, PendingFile? pending)
    {
        if (pending is not null)
        {
            return new AgentFile(Pending, pending.Trouble);
        }

        if (details is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(details);
        return Text(document.RootElement, "media_id") is not null ? new AgentFile(Stored, Reason: null)
            : Text(document.RootElement, "media_missing") is { } why ? new AgentFile(Missing, why)
            : null;
    }

    private static string? Text(JsonElement details, string name) =>
        details.ValueKind == JsonValueKind.Object && details.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
