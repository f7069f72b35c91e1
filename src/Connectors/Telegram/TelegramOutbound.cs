using Channels.Connectors.Http;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Hands one text to Telegram.</summary>
/// <remarks>
/// Message path, step 6 of 6. Previous: the delivery grain. There is no idempotency key, so one call is one send, never repeated here, with two exceptions that cannot have
/// left: marks that Telegram cannot parse (the same text goes without marks), and a group that has become a supergroup (the same text goes to its new id).
/// </remarks>
internal sealed class TelegramOutbound(TelegramApi api, int longestText)
{
    public async Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken)
    {
        if (TelegramSettings.Read(connection) is not { } settings)
        {
            return new SendOutcome.Blocked("settings-incomplete", "the bot's token is missing in the settings, or the address is none", GatewayFault: false);
        }

        if (Complaint(message) is { } complaint)
        {
            return complaint;
        }

        return Secrecy.Hide(await SendAsync(settings, message, cancellationToken), settings.Token, connection.WebhookSecret, message.Text);
    }

    private SendOutcome.Refused? Complaint(OutboundMessage message) =>
        message.Content is null or OutboundContent.Interactive && string.IsNullOrWhiteSpace(message.Text) ? new("empty-text", "there is no text to send")
        : message.Content is null && message.Text.Length > longestText ? new("text-too-long", $"the text has {message.Text.Length} characters; Telegram takes {longestText}")
        : TelegramContents.RefusalOf(message.Text, message.Content) is { } refusal ? refusal.ToOutcome()
        : TelegramAddress.Parse(message.ChatId).ChatIdentifier is null ? new("recipient-not-found", "this is no chat of Telegram's: neither a number nor a @name")
        : null;

    private async Task<SendOutcome> SendAsync(TelegramSettings settings, OutboundMessage message, CancellationToken cancellationToken)
    {
        var address = TelegramAddress.Parse(message.ChatId);
        if (address.Guest is { } query)
        {
            if (message.Content is not null)
            {
                return new SendOutcome.Refused("unsupported", "a guest query is answered with one text and nothing else");
            }

            using var guest = await api.CallAsync(
                settings, "answerGuestQuery", TelegramPayloads.AnswerGuest(query, message.Id.ToString(), message.Text), settings.SendTimeout, cancellationToken);
            return TelegramErrors.ToOutcome(guest);
        }

        if (message.Content is { } content)
        {
            return await SendContentAsync(settings, message, content, address, cancellationToken);
        }

        var (parseMode, replyTo) = (settings.ParseMode, message.ReplyTo);
        for (var mended = 0; ; mended++)
        {
            using var answer = await api.CallAsync(
                settings, "sendMessage", TelegramPayloads.SendMessage(address, message.Text, replyTo, parseMode), settings.SendTimeout, cancellationToken);
            if (mended < 2 && parseMode is not null && TelegramErrors.IsUnparsable(answer))
            {
                parseMode = null;
            }
            else if (mended < 2 && TelegramErrors.IsMigrated(answer) && answer.MigratedTo != address.Chat)
            {
                // The new chat counts its messages anew: what was answered has another number there.
                (address, replyTo) = (address with { Chat = answer.MigratedTo! }, null);
            }
            else
            {
                return TelegramErrors.ToOutcome(answer);
            }
        }
    }

    private async Task<SendOutcome> SendContentAsync(TelegramSettings settings, OutboundMessage message, OutboundContent content, TelegramAddress address, CancellationToken cancellationToken)
    {
        var parseMode = settings.ParseMode;
        for (var mended = 0; ; mended++)
        {
            var (call, refusal) = TelegramContents.Of(message, content, address, parseMode);
            if (call is null)
            {
                return refusal!;
            }

            var body = await TelegramContents.BodyAsync(call, message, content, cancellationToken);
            if (body is null)
            {
                return new SendOutcome.Refused("file-gone", "the file to send is not stored any more");
            }

            using var answer = await api.CallAsync(settings, call.Method, body, SendLimit.Of(content, settings.SendTimeout), cancellationToken);
            if (mended < 2 && parseMode is not null && TelegramErrors.IsUnparsable(answer))
            {
                parseMode = null;
            }
            else if (mended < 2 && TelegramErrors.IsMigrated(answer) && answer.MigratedTo != address.Chat)
            {
                address = address with { Chat = answer.MigratedTo! };
            }
            else
            {
                // A reaction is no message of its own: Telegram only says yes.
                return content is OutboundContent.Reaction reaction && answer.IsSuccess ? new SendOutcome.Accepted($"reaction:{reaction.Target}") : TelegramErrors.ToOutcome(answer);
            }
        }
    }
}
