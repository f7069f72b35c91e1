using Channels.Connectors.Evolution;
using Channels.Connectors.Simulator;
using Channels.Core.Connectors;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Connectors.Tests;

public sealed class ConnectorCatalogTests
{
    [Fact]
    public void Every_folder_with_a_manifest_is_a_kind()
    {
        var folders = Directory.EnumerateFiles(Path.Combine(Places.Root, "src", "Connectors"), "channel.json", SearchOption.AllDirectories).Count();

        Assert.Equal(folders, TestConnections.Catalog().All.Count);
    }

    [Fact]
    public void A_kind_is_found_by_its_id()
    {
        var catalog = TestConnections.Catalog();

        Assert.IsType<EvolutionConnector>(catalog.Find("evolution"));
        Assert.IsType<SimulatorConnector>(catalog.Find("simulator"));
        Assert.Null(catalog.Find("Evolution"));
        Assert.Null(catalog.Find("pigeon"));
    }

    [Fact]
    public void Two_kinds_of_one_id_stop_the_start_with_both_types_in_the_message()
    {
        var manifest = TestConnections.Connector("simulator").Manifest;

        var stopped = Assert.Throws<InvalidOperationException>(() => ConnectorCatalog.WithoutDuplicates(
            [new(manifest, typeof(SimulatorConnector)), new(manifest, typeof(EvolutionConnector))]));

        Assert.Contains(typeof(SimulatorConnector).FullName!, stopped.Message, StringComparison.Ordinal);
        Assert.Contains(typeof(EvolutionConnector).FullName!, stopped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_connector_without_manifest_stops_the_start_with_its_type()
    {
        var stopped = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddConnectors([typeof(ConnectorCatalogTests).Assembly], []));

        Assert.Contains(typeof(Bare).FullName!, stopped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_known_by_the_manifest() =>
        Assert.Equal(["api_key"], TestConnections.Connector("evolution").Manifest.SecretSettings);

    private sealed class Bare : IConnector
    {
        public ChannelManifest Manifest => throw new NotSupportedException();

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => false;

        public Channels.Core.Events.Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
