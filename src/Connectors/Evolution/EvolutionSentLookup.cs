using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Asks a gateway's own store whether a message of ours left.</summary>
/// <remarks>
/// "Not there" makes us send again, so it is said only when the gateway shows the chat and shows it back to the moment in question. A gateway
/// that stores nothing (<c>DATABASE_SAVE_DATA_*</c> off) shows an empty chat and cannot say.
/// </remarks>
internal sealed class EvolutionSentLookup(EvolutionApi api)
{
    private const int PageSize = 100;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);

    public async Task<SentLookupOutcome> FindAsync(
        Connection connection, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new SentLookupOutcome.CannotSay("the settings are incomplete");
        }

        if (message.Content is not null)
        {
            return new SentLookupOutcome.CannotSay("the gateway keeps files and the like in a form that cannot be compared");
        }

        using var answer = await api.CallAsync(
            settings, HttpMethod.Post, settings.CallTo("chat/findMessages"), EvolutionPayloads.FindMessages(message.ChatId, PageSize), _limit, cancellationToken);
        return answer.IsSuccess
            ? WhatsAppSent.Judge(Records(answer.Body), PageSize, message, since, known)
            : new SentLookupOutcome.CannotSay(answer.Status is { } status ? $"the gateway answers {(int)status}" : answer.Trouble);
    }

    /// <summary>2.x: <c>{messages:{records:[…]}}</c>; 1.8 and some forks: the list itself.</summary>
    private static ImmutableArray<WhatsAppSent> Records(JsonElement body)
    {
        var messages = body.Member("messages");
        var list = body.IsArray() ? body : messages.IsArray() ? messages : messages.Member("records");
        list = list.IsArray() ? list : body.Member("records");
        return list.IsArray() ? [.. list.EnumerateArray().Select(Read).OfType<WhatsAppSent>()] : [];
    }

    private static WhatsAppSent? Read(JsonElement record)
    {
        var key = record.Member("key");
        var parties = WhatsAppParties.Read(key, record);
        if (key.Id("id") is not { } id || parties.Chat is not { } chat || WhatsAppValues.Time(record.Member("messageTimestamp")) is not { } at)
        {
            return null;
        }

        var content = WhatsAppUnwrap.Open(record.Member("message"));
        return new WhatsAppSent(id, chat.ToString(), parties.FromMe, content.Value.AsText() ?? content.Value.Text("text"), at);
    }
}
