using System.Collections.Immutable;

namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider puts news for many accounts, of whatever tenants, into one webhook and proves it with one secret that all of them know.</summary>
/// <remarks>
/// Whichever address such a webhook comes to, each part goes to the account it names, and only there. What a part names only finds channels;
/// a channel counts when its own secret proves the whole webhook.
/// </remarks>
public interface ISharedWebhookConnector : IConnector
{
    /// <summary>Whom a body is about, in the body's order, each account once; never empty. Called before anything is proven: pure, no throwing on any bytes, one pass, nothing copied.</summary>
    ImmutableArray<WebhookPart> PartsOf(ReadOnlyMemory<byte> body);

    /// <summary>Connections with the same answer prove the same webhooks: each webhook is proven once for all of them. Secret, and kept nowhere.</summary>
    string ProofGroupOf(Connection connection);

    /// <summary>Proves a part by itself, with the secret that proved the whole: for what is kept until its channel exists.</summary>
    /// <param name="part">The part's bytes.</param>
    /// <param name="whole">The webhook it was part of.</param>
    /// <param name="proven">A connection whose secret proved the whole.</param>
    string ProofOf(ReadOnlyMemory<byte> part, WebhookRequest whole, Connection proven);

    /// <summary>The part with its proof, as <see cref="IConnector.IsAuthentic"/> takes it.</summary>
    WebhookRequest WithProof(ReadOnlyMemory<byte> part, string proof);
}

/// <summary>What names an account inside a body.</summary>
/// <param name="Setting">The setting of a channel that holds the same; not a secret one. Empty when nothing is named.</param>
/// <param name="Value">As the setting would have it.</param>
/// <param name="Several">Several channels of one tenant may have it, and the part is about all of them.</param>
public readonly record struct WebhookAccount(string Setting, string Value, bool Several = false)
{
    /// <summary>Whether anything is named.</summary>
    public bool IsNamed => !string.IsNullOrEmpty(Setting);

    /// <summary>Whether a channel is one that is meant.</summary>
    public bool Is(Connection connection) => IsNamed && connection.Setting(Setting) == Value;
}

/// <summary>What a body says of one account.</summary>
/// <param name="Account">Whom.</param>
/// <param name="Body">Makes a body of that alone; the whole body itself, uncopied, where it is about nobody else.</param>
public sealed record WebhookPart(WebhookAccount Account, Func<ReadOnlyMemory<byte>> Body);

/// <summary>Implemented by kinds whose provider asks an address whether it is ours before it posts there.</summary>
public interface IWebhookHandshake : IConnector
{
    /// <summary>The question in a GET's raw query; null when it is none. Pure, no throwing.</summary>
    WebhookQuestion? QuestionIn(string query);

    /// <summary>The token that was agreed on for a channel.</summary>
    string HandshakeTokenOf(Connection connection);
}

/// <summary>A provider's question whether an address is ours.</summary>
/// <param name="Token">Must be the one that was agreed on.</param>
/// <param name="Answer">What it then wants to hear, as plain text.</param>
public sealed record WebhookQuestion(string Token, string Answer)
{
    /// <summary>Nothing of the token: a record's own text would print it.</summary>
    public override string ToString() => nameof(WebhookQuestion);
}
