using System.Security.Cryptography;
using Channels.Core.Connectors;
using Channels.Core.Ids;

namespace Channels.Connectors.Waha;

/// <summary>Hands one text to a server.</summary>
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

        if (message.Text.Length == 0)
        {
            return new SendOutcome.Refused("empty-text", "there is no text to send");
        }

        if (message.Text.Length > longestText)
        {
            return new SendOutcome.Refused("text-too-long", $"the text has {message.Text.Length} characters; WhatsApp takes {longestText}");
        }

        var id = versions.TakeOwnIds(settings) ? IdOf(message.Id) : null;
        using var answer = await api.CallAsync(
            settings, HttpMethod.Post, settings.CallTo("sendText"), WahaPayloads.SendText(settings, message, id), settings.SendTimeout, cancellationToken);
        return Secrecy.Hide(WahaErrors.ToOutcome(answer), settings.Secrets(connection, message.Text));
    }

    /// <summary>The id we choose for a message: of the form that WhatsApp's own clients give theirs, 3EB0 and eighteen hex digits.</summary>
    public static string IdOf(MessageId message)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message.Value.ToByteArray(bigEndian: true), hash);
        return $"3EB0{Convert.ToHexString(hash[..9])}";
    }
}
