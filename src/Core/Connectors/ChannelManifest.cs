using System.Collections.Immutable;
using System.Text.Json;

namespace Channels.Core.Connectors;

/// <summary>A kind's <c>channel.json</c>: what a form, a validator, a CLI and the contract tests need to know about it.</summary>
/// <param name="Id">The kind's id, lower case with underscores: part of URLs.</param>
/// <param name="DisplayName">As people read it.</param>
/// <param name="Version">Of the connector.</param>
/// <param name="Transport">How messages reach us: <c>webhook</c>, <c>polling</c> or <c>none</c>.</param>
/// <param name="SettingsSchema">JSON Schema of the settings. A property with <c>writeOnly</c> is a secret: sealed, never shown. An object that holds one is one as a whole.</param>
/// <param name="Limits">What the provider allows.</param>
/// <param name="RetryWindow">How long the provider goes on redelivering a webhook that we did not acknowledge.</param>
public sealed record ChannelManifest(
    string Id, string DisplayName, string Version, string Transport, JsonElement SettingsSchema, ChannelLimits Limits, TimeSpan RetryWindow)
{
    /// <summary>What the provider can do, before it was asked: the preset of a new connector's capabilities.</summary>
    public ImmutableArray<string> Capabilities { get; init; } = [];

    /// <summary>The network behind the kind, which several kinds may reach (<c>whatsapp</c>); the kind's own id where it says nothing.</summary>
    public string Network { get; init; } = Id;

    /// <summary>For how long after a contact last wrote free messages may be sent to them; afterwards only what the provider has approved. Null: always.</summary>
    public TimeSpan? ReplyWindow { get; init; }

    /// <summary>Names of the settings that are secrets.</summary>
    public ImmutableHashSet<string> SecretSettings { get; } = SecretsOf(SettingsSchema);

    private static ImmutableHashSet<string> SecretsOf(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties)
            ? [.. properties.EnumerateObject().Where(IsSecret).Select(property => property.Name)]
            : [];

    private static bool IsSecret(JsonProperty property) =>
        property.Value.ValueKind == JsonValueKind.Object
        && ((property.Value.TryGetProperty("writeOnly", out var writeOnly) && writeOnly.ValueKind == JsonValueKind.True) || !SecretsOf(property.Value).IsEmpty);
}

/// <summary>What a provider allows one account.</summary>
/// <param name="TextLength">Longest text in characters.</param>
/// <param name="MessagesPerSecond">Sustained rate of sends; null for unlimited.</param>
/// <param name="Concurrency">Sends under way at once for one account; each conversation has one at the most.</param>
public sealed record ChannelLimits(int TextLength, double? MessagesPerSecond, int Concurrency);
