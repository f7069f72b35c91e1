using System.Globalization;
using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Reads <c>getWebhookInfo</c>: does Telegram still post to us, and does it get through?</summary>
internal sealed class TelegramWebhookWatch(TelegramApi api)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(8);

    /// <summary>Telegram remembers the last failure for ever; an old one with nothing waiting behind it is over. It tries again at least every two minutes.</summary>
    private static readonly TimeSpan _recent = TimeSpan.FromMinutes(10);

    private const string ActivateAgain = "Activate the channel again: that points the bot's webhook here. Find out first which other program uses this token, or it goes on taking turns.";

    public async Task<WebhookReading> ReadAsync(Connection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (TelegramSettings.Read(connection) is not { } settings)
        {
            return new WebhookReading.Broken("settings-incomplete", "The bot's token is missing in the settings.", "Complete the channel's settings and activate it again.");
        }

        using var answer = await api.CallAsync(settings, "getWebhookInfo", TelegramPayloads.Nothing, _limit, cancellationToken);
        return answer.IsSuccess && answer.Result.IsObject() ? Read(answer.Result, connection, settings, now)
            : answer is { IsBotApi: true, Status: HttpStatusCode.Unauthorized or HttpStatusCode.NotFound }
                ? new WebhookReading.Broken("unauthorized", "Telegram does not accept the bot's token any more.", "Get the bot's token from @BotFather, put it into the channel's settings and activate again.")
            : new WebhookReading.Unreachable(answer.Status is { } status ? $"Telegram answers {(int)status}" : answer.Trouble);
    }

    private static WebhookReading Read(JsonElement info, Connection connection, TelegramSettings settings, DateTimeOffset now)
    {
        var url = info.Text("url") ?? "";
        if (url.Length == 0)
        {
            return new WebhookReading.Broken("webhook-removed", "The bot has no webhook any more: another program removed it, perhaps to poll.", ActivateAgain);
        }

        if (url != connection.WebhookUrl.AbsoluteUri)
        {
            // Its path may hold somebody's secret.
            var host = Uri.TryCreate(url, UriKind.Absolute, out var address) ? address.Host : "an address that cannot be read";
            return new WebhookReading.Broken("webhook-taken-over", $"The bot's webhook points to {host} and not to this server: another program uses the bot's token.", ActivateAgain);
        }

        var waiting = (long)(info.Number("pending_update_count") ?? 0);
        if (waiting > 0 && TelegramParties.Time(info, "last_error_date") is { } failed && now - failed < _recent)
        {
            var words = Secrecy.Hide(info.Filled("last_error_message") ?? "no reason given", settings.Token, connection.WebhookSecret);
            return new WebhookReading.Failing(
                "webhook-failing",
                string.Create(CultureInfo.InvariantCulture, $"Telegram cannot deliver: \"{words}\", last at {failed:yyyy-MM-dd HH:mm:ss} UTC; {waiting} updates wait there, each for a day at the most."),
                NextStepFor(words));
        }

        return Missing(info) is { } missing
            ? new WebhookReading.Failing("webhook-altered", $"Telegram was told, by another program, not to send these updates: {missing}.", "Activate the channel again.")
            : new WebhookReading.Flowing { Waiting = WaitingIn(info, waiting, settings, connection) };
    }

    private static string WaitingIn(JsonElement info, long waiting, TelegramSettings settings, Connection connection)
    {
        var count = waiting == 0 ? "no updates wait there" : string.Create(CultureInfo.InvariantCulture, $"{waiting} updates wait there");
        return TelegramParties.Time(info, "last_error_date") is { } failed
            ? string.Create(CultureInfo.InvariantCulture, $"{count}, its last failure was at {failed:yyyy-MM-dd HH:mm:ss} UTC (\"{Secrecy.Hide(info.Filled("last_error_message") ?? "no reason given", settings.Token, connection.WebhookSecret)}\")")
            : $"{count}, and none has failed";
    }

    private static string NextStepFor(string words) =>
        words.Contains("401", StringComparison.Ordinal) ? "Activate the channel again: Telegram shows an outdated secret."
        : words.Contains("404", StringComparison.Ordinal) ? "Check that the public address leads to this server with its path unchanged, then activate again."
        : words.Contains("SSL", StringComparison.OrdinalIgnoreCase) || words.Contains("certificate", StringComparison.OrdinalIgnoreCase)
            ? "Mend the certificate of the server's public address; Telegram tries again by itself."
        : words.Contains("503", StringComparison.Ordinal) ? "Wait: this server asked Telegram to come again later. If it lasts, look at the server's own health."
        : "Check that the server's public address can be reached from the internet; Telegram tries again by itself.";

    private static string? Missing(JsonElement info)
    {
        if (info.Member("allowed_updates") is not { ValueKind: JsonValueKind.Array } allowed)
        {
            return null;
        }

        var asked = allowed.EnumerateArray().Select(kind => kind.AsText()).ToHashSet(StringComparer.Ordinal);

        // What a server of an older version does not know it cannot have been told.
        string[] always = ["message", "edited_message", "callback_query", "my_chat_member"];
        var missing = always.Where(kind => !asked.Contains(kind)).ToList();
        return missing.Count == 0 ? null : string.Join(", ", missing);
    }
}
