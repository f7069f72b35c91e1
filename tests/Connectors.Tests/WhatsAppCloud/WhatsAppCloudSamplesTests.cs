using Channels.Connectors.WhatsAppCloud;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudSamplesTests
{
    private static readonly PayloadIndex _samples = PayloadIndex.OfSamples("WhatsAppCloud");
    private static readonly PayloadIndex? _shared = PayloadIndex.OfSharedSet("whatsapp_cloud");

    public static TheoryData<string> Samples => [.. _samples.Files];

    // Without the shared folder the theory still has one row, which says that it was left out.
    public static TheoryData<string> SharedFixtures =>
        _shared is null ? ["left out: no shared fixtures here"] : [.. _shared.Files.Where(file => _shared.EntryOf(file).GetProperty("events").GetArrayLength() > 0)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_becomes_exactly_the_events_its_index_names(string file) =>
        EventComparison.Equal(_samples.EntryOf(file).GetProperty("events"), WhatsAppCloudInbound.Normalise(new WebhookBody(_samples.BytesOf(file))));

    [Theory]
    [MemberData(nameof(SharedFixtures))]
    public void A_shared_fixture_becomes_exactly_the_events_its_index_names(string file)
    {
        if (_shared is not null)
        {
            EventComparison.Equal(_shared.EntryOf(file).GetProperty("events"), WhatsAppCloudInbound.Normalise(new WebhookBody(_shared.BytesOf(file))));
        }
    }
}
