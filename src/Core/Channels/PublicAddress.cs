using Channels.Core.Ids;

namespace Channels.Core.Channels;

/// <summary>Under which URL providers reach us: <c>Channels:PublicUrl</c>, else the first address we listen on.</summary>
/// <remarks>The listening address is known only once the server has started, hence a function.</remarks>
public sealed class PublicAddress(Func<Uri> current)
{
    /// <summary>The base URL, without a trailing slash.</summary>
    public Uri Base => current();

    /// <summary>Where a provider posts an account's webhooks to.</summary>
    public Uri WebhookUrl(string kind, AccountId account) => new($"{Base.AbsoluteUri.TrimEnd('/')}/webhooks/{kind}/{account}");
}
