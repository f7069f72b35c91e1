using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Hands one message to Meta.</summary>
/// <remarks>
/// Message path, step 6 of 6. Previous: the delivery grain. Meta has no idempotency key, so one call is one send and is never repeated here; what
/// got no answer is settled by its status, which brings our id back. A yes means taken: whether it was delivered, or why not, comes as a status.
/// </remarks>
internal sealed class WhatsAppCloudOutbound(WhatsAppCloudApi api, int longestText)
{
    public async Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken)
    {
        if (WhatsAppCloudSettings.Read(connection) is not { } settings)
        {
            return new SendOutcome.Blocked("settings-incomplete", "the phone number ID, the token or the address is missing in the settings", GatewayFault: false);
        }

        if (message.Text.Length == 0)
        {
            return new SendOutcome.Refused("empty-text", "there is no text to send");
        }

        if (message.Text.Length > longestText)
        {
            return new SendOutcome.Refused("text-too-long", $"the text has {message.Text.Length} characters; WhatsApp takes {longestText}");
        }

        using var answer = await api.CallAsync(
            settings, HttpMethod.Post, settings.CallTo(settings.PhoneNumberId, "messages"), WhatsAppCloudPayloads.SendText(message), settings.SendTimeout, cancellationToken);
        return Secrecy.Hide(WhatsAppCloudErrors.ToOutcome(answer), settings.AccessToken, connection.WebhookSecret, message.Text);
    }
}
