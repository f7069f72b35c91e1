using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Reads what a server has stored of a session, page by page, for <see cref="WahaInbound"/> to read as history.</summary>
/// <remarks>
/// NOWEB and GOWS show all chats as one (<c>chats/all</c>); the others are read chat by chat, the one with the newest message first. A chat that gets a message meanwhile
/// moves to the front, past where we are. Therefore it is read in rounds: the next one begins at the front and ends at what has not moved since the one before began.
/// The order by id would be stable, but WEBJS takes it and does not sort. What is read twice is not doubled. The cursor: see <see cref="WahaHistoryPlace"/>.
/// </remarks>
internal sealed class WahaHistory(WahaApi api)
{
    /// <summary>The event that history is handed on as; no server sends it.</summary>
    public const string Event = "history.messages";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(30);

    public async Task<HistoryOutcome> ReadAsync(Connection connection, string? cursor, int most, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new HistoryOutcome.Refused(WahaSettings.Incomplete, "Complete the channel's settings, then start the import again.");
        }

        var place = WahaHistoryPlace.Of(cursor);
        if (place.Chat is { } chat)
        {
            return await ReadChatAsync(settings, connection, place, chat, most, cancellationToken);
        }

        using var answer = await ReadAsync(settings, "all", place, most, cancellationToken);
        if (answer.IsTooLarge || (answer.IsSuccess && answer.Body.IsArray()))
        {
            return Page(settings, answer, place, most, afterwards: null);
        }

        // The engines that drive a browser have no chat of that name.
        return cursor is null && answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.UnprocessableEntity or HttpStatusCode.NotImplemented or HttpStatusCode.InternalServerError
            ? await ReadChatAsync(settings, connection, WahaHistoryPlace.FirstChat, 0, most, cancellationToken)
            : Failure(answer, settings, connection);
    }

    private async Task<HistoryOutcome> ReadChatAsync(WahaSettings settings, Connection connection, WahaHistoryPlace place, long number, int most, CancellationToken cancellationToken)
    {
        var list = settings.CallWithin(string.Create(CultureInfo.InvariantCulture, $"chats?limit=1&offset={number}&sortBy=conversationTimestamp&sortOrder=desc"));
        using var chats = await api.CallAsync(settings, HttpMethod.Get, list, null, _limit, cancellationToken);
        if (!chats.IsSuccess || !chats.Body.IsArray())
        {
            return Failure(chats, settings, connection);
        }

        if (chats.Body.GetArrayLength() == 0)
        {
            return new HistoryOutcome.Page([], 0, place.NextRound()?.ToString());
        }

        var chat = chats.Body[0];
        place = place.At(NewestOf(chat));
        if (place.IsPastWhatMoved(NewestOf(chat)))
        {
            return new HistoryOutcome.Page([], 0, place.NextRound()?.ToString());
        }

        if (ChatIn(chat) is not { } name)
        {
            return new HistoryOutcome.Page([], 0, place.NextChat().ToString());
        }

        using var answer = await ReadAsync(settings, name, place, most, cancellationToken);
        return answer.IsTooLarge || (answer.IsSuccess && answer.Body.IsArray())
            ? Page(settings, answer, place, most, place.NextChat())
            : Failure(answer, settings, connection);
    }

    private Task<WahaAnswer> ReadAsync(WahaSettings settings, string chat, WahaHistoryPlace place, int most, CancellationToken cancellationToken) => api.CallAsync(
        settings, HttpMethod.Get, Messages(settings, chat, place.Offset, place.SizeOf(most)), null, _limit, cancellationToken);

    /// <summary>When a chat's newest message was, in seconds since 1970: each engine has its own name for it. 0 where it is not told.</summary>
    private static long NewestOf(JsonElement chat) => WhatsAppValues.Time(chat.Member("timestamp", "conversationTimestamp"))?.ToUnixTimeSeconds()
        ?? WhatsAppValues.Time(chat.Member("t"))?.ToUnixTimeSeconds() ?? 0;

    /// <summary>An id is a text, or in browsers' engines an object.</summary>
    private static string? ChatIn(JsonElement chat) => chat.Member("id") is { ValueKind: JsonValueKind.Object } id ? id.Filled("_serialized") : chat.Id("id");

    private static Uri Messages(WahaSettings settings, string chat, long offset, int most) => settings.CallWithin(string.Create(
        CultureInfo.InvariantCulture, $"chats/{Uri.EscapeDataString(chat)}/messages?limit={most}&offset={offset}&sortBy=timestamp&sortOrder=desc&downloadMedia=false"));

    private static HistoryOutcome Page(WahaSettings settings, WahaAnswer answer, WahaHistoryPlace place, int most, WahaHistoryPlace? afterwards)
    {
        var size = place.SizeOf(most);
        if (!answer.IsTooLarge)
        {
            var count = answer.Body.GetArrayLength();
            return new HistoryOutcome.Page(count == 0 ? [] : [Body(settings, answer.Body)], count, (count < size ? afterwards : place.After(count))?.ToString());
        }

        // The same place in smaller pages; an empty page says to go on there.
        return size > 1
            ? new HistoryOutcome.Page([], 0, place.Smaller(size).ToString())
            : new HistoryOutcome.Refused(
                string.Create(CultureInfo.InvariantCulture, $"the server's answer is too large: more than {ProviderHttp.LargestAnswer >> 20} MB, also when it is asked for a single message"),
                "Upgrade the server: builds that do not heed how many messages are asked for give all at once. Then start the import again; what is here already is not doubled.");
    }

    private static ReadOnlyMemory<byte> Body(WahaSettings settings, JsonElement records)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes);
        writer.WriteStartObject();
        writer.WriteString("event", Event);
        writer.WriteString(WahaEnvelope.SessionMember, settings.Session);
        writer.WritePropertyName("payload");
        writer.WriteRawValue(records.GetRawText());
        writer.WriteEndObject();
        writer.Flush();
        return bytes.WrittenMemory;
    }

    private static HistoryOutcome Failure(WahaAnswer answer, WahaSettings settings, Connection connection)
    {
        const string Again = "Then start the import again; what is here already is not doubled.";
        if (answer.Words.Contains("store", StringComparison.OrdinalIgnoreCase) && answer.Status is not null)
        {
            return new HistoryOutcome.Refused("the server's engine keeps no messages (NOWEB without its store)", $"Enable the store in the session's configuration (noweb.store.enabled) and pair anew. {Again}");
        }

        return WahaSessions.Hidden(WahaErrors.ToActivation(answer), settings, connection) switch
        {
            _ when WahaErrors.IsMissingSession(answer) => new HistoryOutcome.Refused("the server does not know this session", $"Activate the channel. {Again}"),
            ActivationOutcome.Refused refused => new HistoryOutcome.Refused(refused.Reason, refused.NextStep ?? $"Mend what is complained about. {Again}"),
            ActivationOutcome.Unreachable unreachable => new HistoryOutcome.TryLater(answer.RetryAfter ?? _pause, unreachable.Reason),
            _ => new HistoryOutcome.TryLater(_pause, "the server failed"),
        };
    }
}
