using System.Text.Json;
using Channels.Core.Ids;

namespace Channels.Core.Connectors;

/// <summary>What a connector needs to act for one account: its settings with the secrets opened. Lives in memory only; never logged, never serialised.</summary>
/// <param name="Tenant">The owner.</param>
/// <param name="Account">The account acted for.</param>
/// <param name="Identity">The account's own id at the provider (a phone number, a bot name).</param>
/// <param name="Settings">The kind's settings, secrets included, as its manifest's schema describes them.</param>
/// <param name="WebhookSecret">What the provider must present to us.</param>
/// <param name="WebhookUrl">Where the provider must post to.</param>
public sealed record Connection(
    TenantId Tenant, AccountId Account, string Identity, JsonElement Settings, string WebhookSecret, Uri WebhookUrl)
{
    /// <summary>A text setting, or null.</summary>
    public string? Setting(string name) =>
        Settings.ValueKind == JsonValueKind.Object && Settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Says which account this is and nothing else: a record's own text would print the secrets.</summary>
    public override string ToString() => $"Connection of account {Account}";
}
