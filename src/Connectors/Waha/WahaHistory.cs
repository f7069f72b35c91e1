using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Reads what a server has stored of a session, page by page, for <see cref="WahaInbound"/> to read as history.</summary>
/// <remarks>
/// NOWEB and GOWS show all chats as one (<c>chats/all</c>); the others are read chat by chat, the one with the newest message first. The cursor says which way and
/// where: <c>all:100</c>, or <c>chats:3:100</c> for the hundredth message of the fourth chat. Chats that move up meanwhile are read twice, and are not doubled.
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

        if (Place.Of(cursor) is { Chat: { } chat } place)
        {
            return await ReadChatAsync(settings, connection, chat, place.Offset, most, cancellationToken);
        }

        var offset = Place.Of(cursor).Offset;
        using var answer = await api.CallAsync(settings, HttpMethod.Get, Messages(settings, "all", offset, most), null, _limit, cancellationToken);
        if (answer.IsSuccess && answer.Body.IsArray())
        {
            var count = answer.Body.GetArrayLength();
            return Page(settings, answer.Body, count, count < most ? null : new Place(null, offset + count));
        }

        // The engines that drive a browser have no chat of that name.
        return cursor is null && answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.UnprocessableEntity or HttpStatusCode.NotImplemented or HttpStatusCode.InternalServerError
            ? await ReadChatAsync(settings, connection, 0, 0, most, cancellationToken)
            : Failure(answer, settings, connection);
    }

    private async Task<HistoryOutcome> ReadChatAsync(WahaSettings settings, Connection connection, int chat, int offset, int most, CancellationToken cancellationToken)
    {
        var list = settings.CallWithin(string.Create(CultureInfo.InvariantCulture, $"chats?limit=1&offset={chat}&sortBy=conversationTimestamp&sortOrder=desc"));
        using var chats = await api.CallAsync(settings, HttpMethod.Get, list, null, _limit, cancellationToken);
        if (!chats.IsSuccess || !chats.Body.IsArray())
        {
            return Failure(chats, settings, connection);
        }

        if (chats.Body.GetArrayLength() == 0)
        {
            return new HistoryOutcome.Page([], 0, null);
        }

        if (ChatIn(chats.Body[0]) is not { } name)
        {
            return new HistoryOutcome.Page([], 0, new Place(chat + 1, 0).ToString());
        }

        using var answer = await api.CallAsync(settings, HttpMethod.Get, Messages(settings, name, offset, most), null, _limit, cancellationToken);
        if (!answer.IsSuccess || !answer.Body.IsArray())
        {
            return Failure(answer, settings, connection);
        }

        var count = answer.Body.GetArrayLength();
        return Page(settings, answer.Body, count, count < most ? new Place(chat + 1, 0) : new Place(chat, offset + count));
    }

    /// <summary>An id is a text, or in browsers' engines an object.</summary>
    private static string? ChatIn(JsonElement chat) => chat.Member("id") is { ValueKind: JsonValueKind.Object } id ? id.Filled("_serialized") : chat.Id("id");

    private static Uri Messages(WahaSettings settings, string chat, int offset, int most) => settings.CallWithin(string.Create(
        CultureInfo.InvariantCulture, $"chats/{Uri.EscapeDataString(chat)}/messages?limit={most}&offset={offset}&sortBy=timestamp&sortOrder=desc&downloadMedia=false"));

    private static HistoryOutcome.Page Page(WahaSettings settings, JsonElement records, int count, Place? next) =>
        new(count == 0 ? [] : [Body(settings, records)], count, next?.ToString());

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

    /// <param name="Chat">Which chat, where they are read one by one.</param>
    /// <param name="Offset">How many of its messages were read.</param>
    private sealed record Place(int? Chat, int Offset)
    {
        public static Place Of(string? cursor) => cursor?.Split(':') switch
        {
            ["all", var offset] when TryRead(offset, out var read) => new(null, read),
            ["chats", var chat, var offset] when TryRead(chat, out var number) && TryRead(offset, out var read) => new(number, read),
            _ => new(null, 0),
        };

        public override string ToString() => Chat is { } chat
            ? string.Create(CultureInfo.InvariantCulture, $"chats:{chat}:{Offset}")
            : string.Create(CultureInfo.InvariantCulture, $"all:{Offset}");

        private static bool TryRead(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
