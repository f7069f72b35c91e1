using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Channels.Core;
using Channels.Core.Connectors;
using Microsoft.Extensions.Configuration;

namespace Channels.Api.Ingress;

/// <summary>The operator's own secret for the address of all channels of a kind, besides the channels' own. Usually there is none.</summary>
/// <remarks>Whoever has it speaks for every channel whose name is unique in the installation: for gateways that all belong to the operator.</remarks>
internal sealed class GlobalWebhookSecret
{
    private const string Setting = "Channels:GlobalWebhookSecret";
    private const int Shortest = 16;
    private const int Longest = 256;
    private readonly string? _secret;

    private GlobalWebhookSecret(string? secret) => _secret = secret;

    public bool IsSet => _secret is not null;

    /// <summary>To blank it wherever it would be shown.</summary>
    public ImmutableArray<string> Known => _secret is null ? [] : [_secret];

    /// <summary>Reads <c>Channels:GlobalWebhookSecret</c>: 16 to 256 letters, digits, <c>- . _ ~</c>; unset or empty for none.</summary>
    /// <exception cref="SettingException">It is no such text: says what is wrong, never what it was.</exception>
    public static GlobalWebhookSecret Of(IConfiguration configuration) => configuration[Setting] switch
    {
        null or "" => new(null),
        { Length: < Shortest or > Longest } text => throw new SettingException(
            Setting, $"needs {Shortest} to {Longest} characters, it has {text.Length}. For example from: openssl rand -hex 32"),
        var text when !text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '~') => throw new SettingException(
            Setting, $"must be letters, digits and - . _ ~ only, because it stands in an address. For example from: openssl rand -hex 32"),
        var text => new(text),
    };

    /// <summary>Whether the webhook shows it, in whichever way the kind takes secrets.</summary>
    /// <param name="connector">The kind.</param>
    /// <param name="request">The webhook.</param>
    /// <param name="connection">Any channel's of that kind; its own secret does not count here.</param>
    /// <param name="now">The time.</param>
    public bool IsShown(IConnector connector, WebhookRequest request, Connection connection, DateTimeOffset now) =>
        _secret is not null && connector.IsAuthentic(request, connection with { WebhookSecret = _secret }, now);

    /// <summary>Whether this is it, in a time that does not tell.</summary>
    public bool IsSameAs(string presented) =>
        _secret is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(presented), Encoding.UTF8.GetBytes(_secret));

    /// <summary>Whether this is it. For what was proven already: takes as long as it takes.</summary>
    public bool Is(string text) => _secret == text;

    /// <inheritdoc/>
    public override string ToString() => "global webhook secret";
}
