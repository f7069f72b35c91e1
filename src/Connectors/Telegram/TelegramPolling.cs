using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Fetches updates with <c>getUpdates</c>. Its offset confirms: what lies before it is forgotten by Telegram.</summary>
internal sealed class TelegramPolling(TelegramApi api)
{
    /// <summary>How long Telegram holds the call open; its most is 50 s, and proxies cut off at 30.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(25);

    private const int Most = 100;
    private static readonly TimeSpan _slack = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _courtesy = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _again = TimeSpan.FromSeconds(5);

    public async Task<PollOutcome> PollAsync(Connection connection, string? cursor, CancellationToken cancellationToken)
    {
        if (TelegramSettings.Read(connection) is not { } settings)
        {
            return new PollOutcome.Broken("settings-incomplete", "The bot's token is missing in the settings.", "Complete the channel's settings and activate it again.");
        }

        var offset = OffsetOf(settings, cursor);
        using var answer = await FetchAsync(settings, offset, Most, cancellationToken);
        if (!answer.IsTooLarge)
        {
            return await ReadAsync(settings, answer, cancellationToken);
        }

        // A hundred of the largest updates are more than we take at once; a single one never is.
        using var one = await FetchAsync(settings, offset, 1, cancellationToken);
        return await ReadAsync(settings, one, cancellationToken);
    }

    /// <summary>Whose it is stands in it: shown to another bot, whose numbers may be lower, it would make Telegram forget what nobody has fetched.</summary>
    private static string CursorOf(TelegramSettings settings, long offset) => string.Create(CultureInfo.InvariantCulture, $"{settings.BotId}:{offset}");

    private static long? OffsetOf(TelegramSettings settings, string? cursor) =>
        cursor?.Split(':') is [var bot, var number] && bot == settings.BotId && long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var offset)
            ? offset
            : null;

    private Task<TelegramAnswer> FetchAsync(TelegramSettings settings, long? offset, int most, CancellationToken cancellationToken) =>
        api.CallAsync(settings, "getUpdates", TelegramPayloads.GetUpdates(offset, most, Wait), Wait + _slack, cancellationToken);

    private async Task<PollOutcome> ReadAsync(TelegramSettings settings, TelegramAnswer answer, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccess)
        {
            return Failure(settings, answer);
        }

        if (!answer.Result.IsArray())
        {
            return new PollOutcome.TryLater(_again, "unreadable", "Telegram said yes without updates");
        }

        var bodies = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        var buttons = new List<string>();
        var last = long.MinValue;
        foreach (var update in answer.Result.EnumerateArray())
        {
            if (update.Member("update_id") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var id))
            {
                last = Math.Max(last, id);
                bodies.Add(JsonMarshal.GetRawUtf8Value(update).ToArray());
                if (update.Member("callback_query").Id("id") is { } button)
                {
                    buttons.Add(button);
                }
            }
        }

        if (bodies.Count == 0)
        {
            // Everything is confirmed. After a quiet week Telegram may go on with lower numbers, and would forget them by the old cursor.
            return answer.Result.GetArrayLength() == 0
                ? new PollOutcome.Fetched([], Cursor: null)
                : new PollOutcome.TryLater(_again, "unreadable", "Telegram's updates have no numbers");
        }

        await NoticeAsync(settings, buttons, cancellationToken);
        return new PollOutcome.Fetched(bodies.ToImmutable(), CursorOf(settings, last + 1));
    }

    // Whoever presses a button sees a clock on it until the bot has noticed. A courtesy: what Telegram says to it is nobody's concern.
    private async Task NoticeAsync(TelegramSettings settings, List<string> buttons, CancellationToken cancellationToken) => await Task.WhenAll(buttons.Select(async button =>
    {
        using var noticed = await api.CallAsync(settings, "answerCallbackQuery", TelegramPayloads.AnswerCallback(button), _courtesy, cancellationToken);
    }));

    private static PollOutcome Failure(TelegramSettings settings, TelegramAnswer answer) => answer switch
    {
        { Status: null } => new PollOutcome.TryLater(_again, "provider-unreachable", answer.Trouble),
        { Status: HttpStatusCode.TooManyRequests } => new PollOutcome.TryLater(answer.RetryAfter ?? _again, "rate-limited", "Telegram asks us to poll less"),
        { Status: >= HttpStatusCode.InternalServerError } => new PollOutcome.TryLater(_again, "provider-unreachable", $"Telegram answers {(int)answer.Status}"),
        { IsBotApi: false } => new PollOutcome.Broken("wrong-address", "No Bot API answers at this address.", "Correct the address in the channel's settings and activate the channel again."),
        { Status: HttpStatusCode.Unauthorized or HttpStatusCode.NotFound } => new PollOutcome.Broken(
            "unauthorized", "Telegram does not accept the bot's token any more.", "Get the bot's token from @BotFather, put it into the channel's settings and activate again."),
        { Status: HttpStatusCode.Conflict } when TelegramErrors.IsWebhookInTheWay(answer) => new PollOutcome.Broken(
            "webhook-in-the-way", "The bot has a webhook, set by another program or by an earlier mode of this channel; while it is there nothing can be fetched.",
            "Activate the channel again: that removes the webhook."),

        // Our own last call, cut off by a restart, ends like this as well.
        { Status: HttpStatusCode.Conflict } => new PollOutcome.Broken(
            "polled-elsewhere", "Another program fetches this bot's updates with the same token; each takes what the other then misses.",
            "Stop the other program. If nobody knows it, revoke the token at @BotFather and put the new one into the channel's settings.", MayPass: true),
        _ => new PollOutcome.Broken("rejected", $"Telegram refuses: {Secrecy.Hide(TelegramErrors.Said(answer, "no words"), settings.Token)}", "Look the bot up at @BotFather and activate the channel again."),
    };
}
