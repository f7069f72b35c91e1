using Channels.Connectors.Http;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Hands one message to a gateway.</summary>
/// <remarks>
/// Message path, step 6 of 6. Previous: the delivery grain. The gateway has no idempotency key and takes no message id of ours, so one call is
/// one send: it is never repeated here, with one exception that cannot have left (a body of the wrong dialect, refused by its schema).
/// </remarks>
internal sealed class EvolutionOutbound(EvolutionApi api, EvolutionDialects dialects, int longestText)
{
    /// <inheritdoc cref="IContentRules.RefusalOf"/>
    /// <remarks>The gateway takes such words and leaves them out.</remarks>
    public static ContentRefusal? RefusalOf(string text, OutboundContent? content) =>
        text.Length > 0 && content is OutboundContent.File { Form: FileForm.Audio or FileForm.Voice or FileForm.Sticker }
            ? new("text", "no-caption", "sound and stickers have no text beside them; send it as a message of its own")
            : null;

    public async Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new SendOutcome.Blocked("settings-incomplete", "address, key or instance is missing in the settings", GatewayFault: false);
        }

        if (message.Content is null && message.Text.Length == 0)
        {
            return new SendOutcome.Refused("empty-text", "there is no text to send");
        }

        if (message.Text.Length > longestText)
        {
            return new SendOutcome.Refused("text-too-long", $"the text has {message.Text.Length} characters; WhatsApp takes {longestText}");
        }

        if (RefusalOf(message.Text, message.Content) is { } refusal)
        {
            return refusal.ToOutcome();
        }

        var (file, gone) = await OutboundBytes.ReadAsync(message, cancellationToken);
        if (gone is not null)
        {
            return gone;
        }

        if (EvolutionSending.Of(message, file) is not { } content)
        {
            return new SendOutcome.Refused("unsupported-content", "this gateway cannot send that; say it in words");
        }

        if (EvolutionSending.LacksSender(message))
        {
            return new SendOutcome.Refused("unknown-target", "who wrote the message to react to is not known here; in a group WhatsApp wants it said");
        }

        var dialect = dialects.Of(settings.BaseUrl);
        using var answer = await CallAsync(settings, message, content, dialect, cancellationToken);
        if (!IsWrongDialect(answer, content, dialect))
        {
            return Hidden(EvolutionErrors.ToOutcome(answer), connection, settings, message);
        }

        var other = dialect == EvolutionDialect.Two ? EvolutionDialect.One : EvolutionDialect.Two;
        using var second = await CallAsync(settings, message, content, other, cancellationToken);
        if (second.Status is not null && !IsWrongDialect(second, content, other))
        {
            dialects.Remember(settings.BaseUrl, other);
        }

        return Hidden(EvolutionErrors.ToOutcome(second), connection, settings, message);
    }

    private static bool IsWrongDialect(EvolutionAnswer answer, EvolutionSending content, EvolutionDialect used) =>
        EvolutionErrors.WantsField(answer, used == EvolutionDialect.Two ? content.Wrapper : content.Needed);

    private Task<EvolutionAnswer> CallAsync(
        EvolutionSettings settings, OutboundMessage message, EvolutionSending content, EvolutionDialect dialect, CancellationToken cancellationToken) => api.CallAsync(
        settings, HttpMethod.Post, settings.CallTo(content.Path), content.Write(message, dialect), SendLimit.Of(message.Content, settings.SendTimeout), cancellationToken);

    private static SendOutcome Hidden(SendOutcome outcome, Connection connection, EvolutionSettings settings, OutboundMessage message) =>
        Secrecy.Hide(outcome, settings.ApiKey, connection.WebhookSecret, message.Text);
}
