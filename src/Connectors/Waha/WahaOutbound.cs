using System.Security.Cryptography;
using Channels.Connectors.Http;
using Channels.Core.Connectors;
using Channels.Core.Ids;

namespace Channels.Connectors.Waha;

/// <summary>Hands one message to a server.</summary>
/// <remarks>
/// Message path, step 6 of 6. Previous: the delivery grain. Servers from 2026.4.3 on take a message id that we chose; ours follows from the message's own
/// id, so that it is the same in all attempts: a repeat is the same message to WhatsApp, and its echo and its record are recognised by it. One call is one
/// send and is never repeated here.
/// </remarks>
internal sealed class WahaOutbound(WahaApi api, WahaVersions versions, int longestText)
{
    public async Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new SendOutcome.Blocked("settings-incomplete", WahaSettings.Incomplete, GatewayFault: false);
        }

        if (message is { Content: null, Text.Length: 0 })
        {
            return new SendOutcome.Refused("empty-text", "there is no text to send");
        }

        if (message.Text.Length > longestText)
        {
            return new SendOutcome.Refused("text-too-long", $"the text has {message.Text.Length} characters; WhatsApp takes {longestText}");
        }

        var (file, gone) = await OutboundBytes.ReadAsync(message, cancellationToken);
        if (gone is not null)
        {
            return gone;
        }

        var (call, refusal) = WahaContents.Of(settings, message, versions.TakeOwnIds(settings) ? IdOf(message.Id) : null, file);
        if (call is null)
        {
            return refusal!;
        }

        using var answer = await api.CallAsync(
            settings, call.Method, settings.CallTo(call.Path), call.Body, SendLimit.Of(message.Content, settings.SendTimeout), cancellationToken);
        return Secrecy.Hide(OutcomeOf(answer, message), settings.Secrets(connection, message.Text));
    }

    /// <summary>The id we choose for a message: of the form that WhatsApp's own clients give theirs, 3EB0 and eighteen hex digits.</summary>
    public static string IdOf(MessageId message)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message.Value.ToByteArray(bigEndian: true), hash);
        return $"3EB0{Convert.ToHexString(hash[..9])}";
    }

    /// <remarks>Some engines answer a reaction with a bare yes. It is no message that anything could be found by, and twice the same is once.</remarks>
    private static SendOutcome OutcomeOf(WahaAnswer answer, OutboundMessage message) =>
        message.Content is OutboundContent.Reaction && answer.IsSuccess
            ? new SendOutcome.Accepted(WahaErrors.SentId(answer.Body) ?? IdOf(message.Id))
            : WahaErrors.ToOutcome(answer);
}
