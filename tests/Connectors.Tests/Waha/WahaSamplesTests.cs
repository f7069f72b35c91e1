using Channels.Connectors.Json;
using Channels.Connectors.Waha;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaSamplesTests
{
    private static readonly PayloadIndex _samples = PayloadIndex.OfSamples("Waha");
    private static readonly PayloadIndex? _shared = PayloadIndex.OfShared("waha");

    public static TheoryData<string> Samples => [.. _samples.Files];

    // Without the shared folder the theory still has one row, which says that it was left out.
    public static TheoryData<string> SharedFixtures => _shared is null
        ? ["left out: no shared fixtures here"]
        : [.. _shared.Files.Where(file => _shared.EntryOf(file).TryGetProperty("events", out var events) && events.GetArrayLength() > 0)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_becomes_exactly_the_events_its_index_names(string file) =>
        EventComparison.Equal(_samples.EntryOf(file).GetProperty("events"), WahaInbound.Normalise(new WebhookBody(_samples.BytesOf(file))));

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_global_hook_finds_the_session_that_the_events_name(string file)
    {
        var named = WahaInbound.Normalise(new WebhookBody(_samples.BytesOf(file))) is Normalised.Events { Items: var events } ? events[0].Account : null;

        Assert.Equal(named, JsonName.Find(_samples.BytesOf(file), "session"));
    }

    [Theory]
    [MemberData(nameof(SharedFixtures))]
    public void A_shared_fixture_becomes_exactly_the_events_its_index_names(string file)
    {
        if (_shared is not null)
        {
            EventComparison.Equal(_shared.EntryOf(file).GetProperty("events"), WahaInbound.Normalise(new WebhookBody(_shared.BytesOf(file))));
        }
    }
}
