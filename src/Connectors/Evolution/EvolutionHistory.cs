using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Reads what a gateway has stored of an instance, page by page, and hands it on as the gateway itself would at pairing (<c>messages.set</c>).</summary>
/// <remarks>
/// Pages go by number, newest first: what comes in meanwhile moves older messages to later pages, where they come a second time, and never away from them.
/// The cursor is the next page and the size of all pages. 1.8 and some forks answer with one list and no pages.
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
        if (!answer.IsSuccess)
        {
            return Failure(answer, settings, connection);
        }

        var messages = answer.Body.Member("messages");
        var records = answer.Body.IsArray() ? answer.Body : messages.IsArray() ? messages : messages.Member("records");
        if (!records.IsArray())
        {
            return new HistoryOutcome.Refused("the gateway answers otherwise than Evolution API does", "Check that the channel's address is the gateway's.");
        }

        var count = records.GetArrayLength();
        var pages = messages.Member("pages") is { ValueKind: JsonValueKind.Number } told && told.TryGetInt32(out var number) ? number : page;
        return new HistoryOutcome.Page(
            count == 0 ? [] : [Body(settings, records)], count, count > 0 && page < pages ? string.Create(CultureInfo.InvariantCulture, $"{page + 1}:{size}") : null);
    }

    private static (int Page, int Size) Place(string? cursor, int most) =>
        cursor?.Split(':') is [var page, var size]
        && int.TryParse(page, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? (number, Math.Max(1, length))
            : (1, most);

    private static ReadOnlyMemory<byte> Body(EvolutionSettings settings, JsonElement records)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes);
        writer.WriteStartObject();
        writer.WriteString("event", "messages.set");
        writer.WriteString("instance", settings.Instance);
        writer.WritePropertyName("data");
        writer.WriteRawValue(records.GetRawText());
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
