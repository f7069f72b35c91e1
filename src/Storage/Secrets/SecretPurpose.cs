namespace Channels.Storage.Secrets;

/// <summary>What a secret is for, down to its row: part of what is authenticated, so that sealed values cannot be swapped between rows.</summary>
public readonly record struct SecretPurpose
{
    private SecretPurpose(string text) => Text = text;

    internal string Text { get; }

    /// <summary>A connector's secret settings.</summary>
    public static SecretPurpose Settings(Guid connector) => new($"connector.settings:{connector:N}");

    /// <summary>What an account's provider must present to us.</summary>
    public static SecretPurpose Webhook(Guid account) => new($"account.webhook:{account:N}");

    /// <summary>The secret settings of an account's agent.</summary>
    public static SecretPurpose Agent(Guid account) => new($"account.agent:{account:N}");

    /// <summary>An answer kept for a repeated request: it may show a secret once.</summary>
    public static SecretPurpose KeptAnswer(string idempotencyKey) => new($"idempotency:{idempotencyKey}");
}
