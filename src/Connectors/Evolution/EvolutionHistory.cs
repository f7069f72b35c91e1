using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Reads what a gateway has stored of an instance, page by page, and hands it on as the gateway itself would at pairing (<c>messages.set</c>).</summary>
/// <remarks>
/// Pages go by number, newest first: what comes in meanwhile moves older messages to later pages, where they come a second time, and never away from them.
/// The cursor is the next page and the size of all pages; what is larger than we take comes in smaller ones. 1.8 and some forks answer with one list and no pages,
/// whatever they are asked for: each page is then the list's own part, newest first.
/// </remarks>
internal sealed class EvolutionHistory(EvolutionApi api)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(30);

    public async Task<HistoryOutcome> ReadAsync(Connection connection, string? cursor, int most, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new HistoryOutcome.Refused("address, key or instance is missing in the settings", "Complete the channel's settings, then start the import again.");
        }

        var (page, size) = Place(cursor, most);
        using var answer = await api.CallAsync(settings, HttpMethod.Post, settings.CallTo("chat/findMessages"), EvolutionPayloads.FindMessages(chat: null, page, size), _limit, cancellationToken);
        if (answer.IsTooLarge)
        {
            return Smaller(page, size);
        }

        if (!answer.IsSuccess)
        {
            return Failure(answer, settings, connection);
        }

        var messages = answer.Body.Member("messages");
        var list = answer.Body.IsArray() ? answer.Body : messages;
        var records = list.IsArray() ? list : messages.Member("records");
        if (!records.IsArray())
        {
            return new HistoryOutcome.Refused("the gateway answers otherwise than Evolution API does", "Check that the channel's address is the gateway's.");
        }

        var pages = messages.Member("pages") is { ValueKind: JsonValueKind.Number } told && told.TryGetInt32(out var number) ? number : page;
        var (found, more) = list.IsArray() ? OfList(records, page, size) : (records.EnumerateArray().ToList(), page < pages);

        // The last page wanted may be smaller than its cursor says: the newest of it are what is wanted.
        var wanted = found.Count > most ? found[..most] : found;
        return new HistoryOutcome.Page(wanted.Count == 0 ? [] : [Body(settings, wanted)], wanted.Count, found.Count > 0 && more ? At(page + 1, size) : null);
    }

    // A gateway that knows no pages gives the whole list each time: its part of it is what a page would be.
    private static (List<JsonElement> Found, bool More) OfList(JsonElement records, int page, int size)
    {
        var newestFirst = records.EnumerateArray().OrderByDescending(record => WhatsAppValues.Time(record.Member("messageTimestamp")) ?? DateTimeOffset.MinValue);
        var passed = (long)(page - 1) * size;
        return passed >= records.GetArrayLength() ? ([], false) : (newestFirst.Skip((int)passed).Take(size).ToList(), passed + size < records.GetArrayLength());
    }

    // The same place in smaller pages; an empty page says to go on there. One message alone is never so large: then the gateway gives everything at once.
    private static HistoryOutcome Smaller(int page, int size)
    {
        if (size == 1)
        {
            return new HistoryOutcome.Refused(
                string.Create(CultureInfo.InvariantCulture, $"the gateway's answer is too large: more than {ProviderHttp.LargestAnswer >> 20} MB, also when it is asked for a single message"),
                "Gateways before Evolution API 2 give all they have stored in one answer. Upgrade the gateway, or have it keep less, then start the import again: what is here already is not doubled.");
        }

        var smaller = size % 2 == 0 ? size / 2 : size % 5 == 0 ? size / 5 : 1;
        var first = ((page - 1L) * (size / smaller)) + 1;
        return first > int.MaxValue
            ? new HistoryOutcome.Refused("the history has more pages than can be counted", "Nothing: what is here already stays.")
            : new HistoryOutcome.Page([], 0, At((int)first, smaller));
    }

    private static string At(int page, int size) => string.Create(CultureInfo.InvariantCulture, $"{page}:{size}");

    private static (int Page, int Size) Place(string? cursor, int most) =>
        cursor?.Split(':') is [var page, var size]
        && int.TryParse(page, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? (Math.Max(1, number), Math.Max(1, length))
            : (1, most);

    private static ReadOnlyMemory<byte> Body(EvolutionSettings settings, List<JsonElement> records)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes);
        writer.WriteStartObject();
        writer.WriteString("event", "messages.set");
        writer.WriteString("instance", settings.Instance);
        writer.WritePropertyName("data");
        writer.WriteStartArray();
        foreach (var record in records)
        {
            record.WriteTo(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return bytes.WrittenMemory;
    }

    private static HistoryOutcome Failure(EvolutionAnswer answer, EvolutionSettings settings, Connection connection) =>
        Secrecy.Hide(EvolutionErrors.ToActivation(answer), settings.ApiKey, connection.WebhookSecret) switch
        {
            _ when EvolutionErrors.IsMissingInstance(answer) => new HistoryOutcome.Refused("the gateway does not know this instance", "Activate the channel, then start the import again."),
            ActivationOutcome.Refused refused => new HistoryOutcome.Refused(refused.Reason, refused.NextStep ?? "Mend what is complained about, then start the import again."),
            ActivationOutcome.Unreachable unreachable => new HistoryOutcome.TryLater(answer.RetryAfter ?? _pause, unreachable.Reason),
            _ => new HistoryOutcome.TryLater(_pause, "the gateway failed"),
        };
}
