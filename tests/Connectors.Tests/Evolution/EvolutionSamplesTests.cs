using Channels.Connectors.Evolution;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionSamplesTests
{
    private static readonly PayloadIndex _samples = PayloadIndex.OfSamples("Evolution");
    private static readonly PayloadIndex? _shared = PayloadIndex.OfShared("evolution");

    public static TheoryData<string> Samples => [.. _samples.Files];

    // Without the shared folder the theory still has one row, which says that it was left out.
    public static TheoryData<string> SharedFixtures =>
        _shared is null ? ["left out: no shared fixtures here"] : [.. _shared.Files.Where(file => _shared.EntryOf(file).GetProperty("events").GetArrayLength() > 0)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_becomes_exactly_the_events_its_index_names(string file) =>
        EventComparison.Equal(
            _samples.EntryOf(file).GetProperty("events"),
            EvolutionInbound.Normalise(new WebhookBody(_samples.BytesOf(file), _samples.PathOf(file))));

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_global_hook_finds_the_instance_that_the_events_name(string file)
    {
        var named = EvolutionInbound.Normalise(new WebhookBody(_samples.BytesOf(file), _samples.PathOf(file))) is Normalised.Events { Items: var events } ? events[0].Account : null;

        Assert.Equal(named, EvolutionInstanceName.Find(_samples.BytesOf(file)));
    }

    [Theory]
    [MemberData(nameof(SharedFixtures))]
    public void A_shared_fixture_becomes_exactly_the_events_its_index_names(string file)
    {
        if (_shared is not null)
        {
            EventComparison.Equal(_shared.EntryOf(file).GetProperty("events"), EvolutionInbound.Normalise(new WebhookBody(_shared.BytesOf(file))));
        }
    }
}
