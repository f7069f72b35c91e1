using System.Net;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Points a bot to us, or makes it ready to be polled; and asks whether its settings are right.</summary>
/// <remarks>
/// Safe to repeat. Activating is the owner's word that this bot belongs here: a webhook that another program has set is replaced then, and only then. Nothing is taken away
/// when a channel is switched off: Telegram goes on posting, and what it posts is kept.
/// </remarks>
internal sealed class TelegramProvisioning(TelegramApi api)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(8);

    public async Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (TelegramSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", "the bot's token is missing in the settings, or the address is none", "bot_token");
        }

        using var me = await api.CallAsync(settings, "getMe", TelegramPayloads.Nothing, _limit, cancellationToken);
        var outcome = !me.IsSuccess ? TelegramErrors.ToActivation(me)
            : AnotherBot(settings, me) is { } complaint ? new ActivationOutcome.Refused("another-bot", complaint, "bot_username")
            : settings.Polls ? await PreparePollingAsync(settings, cancellationToken)
            : await SetWebhookAsync(settings, connection, cancellationToken);
        return Secrecy.Hide(outcome, settings.Token, connection.WebhookSecret);
    }

    public async Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (TelegramSettings.Read(connection) is not { } settings)
        {
            return Complain("bot_token", "required", "is missing or no token", "copy it whole from @BotFather, the number before the colon included");
        }

        using var me = await api.CallAsync(settings, "getMe", TelegramPayloads.Nothing, _limit, cancellationToken);
        if (me.IsSuccess)
        {
            return AnotherBot(settings, me) is { } complaint
                ? Complain("bot_username", "another_bot", complaint, "correct the name, or take the token of the bot you mean")
                : new ConnectionCheck([], me.Result.Filled("username") is { } name ? $"@{name}" : null);
        }

        return TelegramErrors.ToActivation(me) switch
        {
            ActivationOutcome.Unreachable unreachable => ConnectionCheck.Unreachable("base_url", Secrecy.Hide(unreachable.Reason, settings.Token)),
            ActivationOutcome.Refused { Field: "base_url" } => Complain("base_url", "wrong_address", "no Bot API answers there", "leave it out, or give your own Bot API server's address"),
            ActivationOutcome.Refused { Field: "bot_token" } => Complain("bot_token", "unauthorized", "is not accepted by Telegram", "copy it anew from @BotFather: /mybots, your bot, API Token"),
            var other => Complain("bot_token", "rejected", Secrecy.Hide((other as ActivationOutcome.Refused)?.Reason ?? "was refused", settings.Token), "look the bot up at @BotFather"),
        };
    }

    private async Task<ActivationOutcome> SetWebhookAsync(TelegramSettings settings, Connection connection, CancellationToken cancellationToken)
    {
        if (!TelegramAuthenticity.IsTakenByTelegram(connection.WebhookSecret))
        {
            return new ActivationOutcome.Refused("webhook-secret-unfit", "Telegram takes only letters, digits, '_' and '-' in a webhook secret")
            {
                NextStep = "Rotate the channel's webhook secret without giving one, and activate again.",
            };
        }

        using var set = await api.CallAsync(settings, "setWebhook", TelegramPayloads.SetWebhook(connection, settings.DropsPending), _limit, cancellationToken);
        return set.IsSuccess ? new ActivationOutcome.Active($"bot:{settings.BotId}")
            : set.Status == HttpStatusCode.BadRequest ? new ActivationOutcome.Refused("webhook-refused", TelegramErrors.Said(set, "Telegram refused the webhook's address"))
            {
                NextStep = "Make this server reachable by https on port 443, 80, 88 or 8443 and set Channels__PublicUrl, or set the channel's mode to polling; then activate again.",
            }
            : TelegramErrors.ToActivation(set);
    }

    private async Task<ActivationOutcome> PreparePollingAsync(TelegramSettings settings, CancellationToken cancellationToken)
    {
        // Telegram gives updates to a webhook or to who asks, never to both.
        using var removed = await api.CallAsync(settings, "deleteWebhook", TelegramPayloads.DeleteWebhook(settings.DropsPending), _limit, cancellationToken);
        return removed.IsSuccess ? new ActivationOutcome.Active($"bot:{settings.BotId}") : TelegramErrors.ToActivation(removed);
    }

    private static string? AnotherBot(TelegramSettings settings, TelegramAnswer me) =>
        settings.Username is { } expected && me.Result.Filled("username") is { } found && !found.Equals(expected, StringComparison.OrdinalIgnoreCase)
            ? $"the token belongs to @{found}, not to @{expected}"
            : null;

    private static ConnectionCheck Complain(string field, string rule, string message, string remedy) =>
        new([new SettingsComplaint(field, rule, message, remedy)]);
}
