using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Asks a server's own store whether a message of ours left: by the id we chose, where the server took it, else by its text.</summary>
/// <remarks>A server whose engine stores nothing (NOWEB without its store) shows an empty chat, or refuses, and cannot say.</remarks>
internal sealed class WahaSentLookup(WahaApi api)
{
    private const int PageSize = 100;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);

    public async Task<SentLookupOutcome> FindAsync(
        Connection connection, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new SentLookupOutcome.CannotSay("the settings are incomplete");
        }

        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"chats/{Uri.EscapeDataString(WahaPayloads.ChatOf(message.ChatId))}/messages?limit={PageSize}&sortBy=timestamp&sortOrder=desc&downloadMedia=false");
        using var answer = await api.CallAsync(settings, HttpMethod.Get, settings.CallWithin(path), null, _limit, cancellationToken);
        if (!answer.IsSuccess || !answer.Body.IsArray())
        {
            return new SentLookupOutcome.CannotSay(answer.Status is { } status ? $"the server answers {(int)status}" : answer.Trouble);
        }

        var chosen = WahaOutbound.IdOf(message.Id);
        var records = answer.Body.EnumerateArray().Select(record => Read(record, message.ChatId)).OfType<WhatsAppSent>().ToImmutableArray();
        return records.Any(record => record.FromMe && record.Id == chosen) ? new SentLookupOutcome.Found(chosen)

            // Files and places have no text of their own to be found by.
            : message.Content is not null ? new SentLookupOutcome.CannotSay("the server does not show which file or place a message was")
            : WhatsAppSent.Judge(records, PageSize, message, since, known);
    }

    /// <remarks>The chat was asked for by name: what the server shows under another address of the same person is of this chat.</remarks>
    private static WhatsAppSent? Read(JsonElement record, string chat)
    {
        if (WahaMessageId.Read(record, "id") is not { } id || WahaMessageReader.TimeOf(record) is not { } at)
        {
            return null;
        }

        return new WhatsAppSent(id.Id, chat, record.Flag("fromMe") ?? id.FromMe ?? false, record.Filled("body") ?? WhatsAppChange.TextOf(WahaContent.Of(record)), at);
    }
}
