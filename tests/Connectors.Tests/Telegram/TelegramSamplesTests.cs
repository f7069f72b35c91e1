using System.Text.Json;
using Channels.Connectors.Telegram;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramSamplesTests
{
    private static readonly PayloadIndex _samples = PayloadIndex.OfSamples("Telegram");

    // The fixtures of several kinds share one index.
    private static readonly PayloadIndex? _shared = Places.Shared is { } shared ? PayloadIndex.Read(Path.Combine(shared, "fixtures", "index.json")) : null;

    public static TheoryData<string> Samples => [.. _samples.Files];

    // Without the shared folder the theory still has one row, which says that it was left out.
    public static TheoryData<string> SharedFixtures => _shared is null
        ? ["left out: no shared fixtures here"]
        : [.. _shared.Files.Where(file => file.StartsWith("telegram/", StringComparison.Ordinal) && EventsOf(file).GetArrayLength() > 0)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_becomes_exactly_the_events_its_index_names(string file) => EventComparison.Equal(
        _samples.EntryOf(file).GetProperty("events"), TelegramInbound.Normalise(new WebhookBody(_samples.BytesOf(file), "", TelegramConnections.Of())));

    [Theory]
    [MemberData(nameof(SharedFixtures))]
    public void A_shared_fixture_becomes_exactly_the_events_its_index_names(string file)
    {
        if (_shared is not null)
        {
            var bot = EventsOf(file)[0].GetProperty("account").GetString()!["bot:".Length..];
            var channel = TelegramConnections.Of($"{bot}:{TelegramConnections.Secret}", username: null);

            EventComparison.Equal(EventsOf(file), TelegramInbound.Normalise(new WebhookBody(_shared.BytesOf(file), "", channel)));
        }
    }

    private static JsonElement EventsOf(string file) => _shared!.EntryOf(file).GetProperty("events");
}
