using System.Security.Cryptography;
using System.Text;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Ingress;

/// <summary>Answers a provider that asks whether an address is ours, before it posts there.</summary>
/// <remarks>Who has the right token learns nothing but what was asked. At the address for all channels any channel's token is right, and the operator's.</remarks>
internal sealed class WebhookHandshakes(IConnectorCatalog connectors, IChannelDirectory channels, ChannelNames names, GlobalWebhookSecret globalSecret)
{
    /// <summary>At a channel's own address.</summary>
    public async ValueTask<IngressAnswer> AnswerAsync(HttpContext http, string kind)
    {
        if (connectors.Find(kind) is not IWebhookHandshake connector)
        {
            return NoSuchQuestion(kind);
        }

        if (!Guid.TryParse((string?)http.Request.RouteValues["channel_id"], out var id)
            || await channels.FindAsync(new AccountId(id), CancellationToken.None) is not { } channel
            || channel.Kind != kind)
        {
            return IngressAnswer.NotFound;
        }

        return QuestionOf(http, connector) is { } question && IsSame(question.Token, connector.HandshakeTokenOf(channel.Connection))
            ? IngressAnswer.Challenge(question.Answer)
            : IngressAnswer.WrongToken;
    }

    /// <summary>At the address for all channels of a kind.</summary>
    public async ValueTask<IngressAnswer> AnswerForAnyAsync(HttpContext http, string kind)
    {
        if (connectors.Find(kind) is not IWebhookHandshake connector)
        {
            return NoSuchQuestion(kind);
        }

        if (QuestionOf(http, connector) is not { } question)
        {
            return IngressAnswer.WrongToken;
        }

        var isRight = globalSecret.IsSet && globalSecret.IsSameAs(question.Token);
        foreach (var account in isRight ? [] : await names.OfKindAsync(kind, CancellationToken.None))
        {
            isRight |= await channels.FindAsync(account, CancellationToken.None) is { } channel && IsSame(question.Token, connector.HandshakeTokenOf(channel.Connection));
        }

        return isRight ? IngressAnswer.Challenge(question.Answer) : IngressAnswer.WrongToken;
    }

    private IngressAnswer NoSuchQuestion(string kind) => connectors.Find(kind) is null ? IngressAnswer.NotFound : IngressAnswer.MethodNotAllowed;

    private static WebhookQuestion? QuestionOf(HttpContext http, IWebhookHandshake connector) =>
        connector.QuestionIn(http.Request.QueryString.Value is { Length: > 1 } raw ? raw[1..] : "");

    private static bool IsSame(string presented, string token) =>
        token.Length > 0 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(presented), Encoding.UTF8.GetBytes(token));
}
