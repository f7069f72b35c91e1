using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Hands one message to Meta.</summary>
/// <remarks>
/// Message path, step 6 of 6. Previous: the delivery grain. Meta has no idempotency key, so one call is one send and is never repeated here; what
/// got no answer is settled by its status, which brings our id back. A yes means taken: whether it was delivered, or why not, comes as a status.
/// </remarks>
internal sealed class WhatsAppCloudOutbound(WhatsAppCloudApi api, WhatsAppCloudMedia media, int longestText)
{
    public async Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken)
    {
        if (WhatsAppCloudSettings.Read(connection) is not { } settings)
        {
            return new SendOutcome.Blocked("settings-incomplete", "the phone number ID, the token or the address is missing in the settings", GatewayFault: false);
        }

        if (message.Text.Length == 0 && message.Content is null or OutboundContent.Interactive)
        {
            return new SendOutcome.Refused("empty-text", "there is no text to send");
        }

        if (RefusalOf(message.Text, message.Content) is { } refusal)
        {
            return refusal.ToOutcome();
        }

        var outcome = message.Content is OutboundContent.File { Reference: not null } file
            ? await SendFileAsync(settings, message, file, cancellationToken)
            : await SendAsync(settings, message, mediaId: null, cancellationToken);
        return Secrecy.Hide(outcome, settings.AccessToken, connection.WebhookSecret, message.Text);
    }

    /// <inheritdoc cref="IContentRules.RefusalOf"/>
    public ContentRefusal? RefusalOf(string text, OutboundContent? content)
    {
        // Meta has no place for it, and would take the file without a word.
        if (text.Length > 0 && content is OutboundContent.File { Form: FileForm.Audio or FileForm.Voice or FileForm.Sticker })
        {
            return new("text", "no-caption", "a sound or a sticker has no text beside it");
        }

        var longest = WhatsAppCloudContents.LongestText(content, longestText);
        // An emoji counts as one: what may be too long by another count, Meta is asked.
        return text.EnumerateRunes().Count() is var length && length > longest ? new("text", "text-too-long", $"the text has {length} characters; WhatsApp takes {longest} here")
            : content is OutboundContent.Interactive choice && WhatsAppCloudChoices.Complaint(choice) is { } complaint ? new("interactive", complaint.Code, complaint.Reason)
            : null;
    }

    private async Task<SendOutcome> SendAsync(WhatsAppCloudSettings settings, OutboundMessage message, string? mediaId, CancellationToken cancellationToken)
    {
        using var answer = await api.CallAsync(
            settings, HttpMethod.Post, settings.CallTo(settings.PhoneNumberId, "messages"), WhatsAppCloudPayloads.Send(message, mediaId), settings.SendTimeout, cancellationToken);
        return WhatsAppCloudErrors.ToOutcome(answer);
    }

    // Until the file is with Meta nothing has left, whatever becomes of the upload.
    private async Task<SendOutcome> SendFileAsync(WhatsAppCloudSettings settings, OutboundMessage message, OutboundContent.File file, CancellationToken cancellationToken)
    {
        await using var content = message.OpenFileAsync is { } open ? await open(cancellationToken) : null;
        if (content is null)
        {
            return new SendOutcome.Refused("file-gone", "the file to be sent is not stored here any more");
        }

        using var uploaded = await media.UploadAsync(settings, file, content, cancellationToken);
        if (uploaded.IsSuccess && uploaded.Body.Id("id") is { } id)
        {
            return await SendAsync(settings, message, id, cancellationToken);
        }

        return WhatsAppCloudErrors.ToOutcome(uploaded) is SendOutcome.Unknown unknown
            ? new SendOutcome.TryLater(TimeSpan.FromSeconds(10), "unavailable", unknown.Reason) { OfThisMessage = true }
            : WhatsAppCloudErrors.ToOutcome(uploaded);
    }
}
