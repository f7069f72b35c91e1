using Channels.Api.Tests.Host;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Api.Tests.Channels;

public sealed class PreviewCrashTests(PreviewCrashTests.CrashingHost host) : IClassFixture<PreviewCrashTests.CrashingHost>
{
    private const string Words = "words-nobody-else-may-see";

    [PostgresFact]
    public async Task A_body_that_crashes_its_parser_is_unreadable_for_the_reason_it_would_be_parked_with()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var preview = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/preview", new StringContent(Words))).JsonAsync();

        Assert.Equal(0, preview.GetProperty("events").GetArrayLength());
        Assert.Equal("the parser of 'simulator' failed on it (FormatException)", preview.GetProperty("unreadable").GetString());
        Assert.Contains(host.Logs.Entries, entry => entry.Level == LogLevel.Error && entry.Message.Contains("FormatException", StringComparison.Ordinal));
        host.Logs.AssertAbsent(Words);
    }

    public sealed class CrashingHost : ApiHost
    {
        protected override void Change(IServiceCollection services)
        {
            var catalog = services.Last(service => service.ServiceType == typeof(IConnectorCatalog));
            services.AddSingleton<IConnectorCatalog>(provider => new Crashing(
                (IConnectorCatalog)(catalog.ImplementationInstance ?? catalog.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, catalog.ImplementationType!))));
        }
    }

    private sealed class Crashing(IConnectorCatalog known) : IConnectorCatalog
    {
        public IReadOnlyCollection<IConnector> All => known.All;

        public IConnector? Find(string kind) => known.Find(kind) is { } connector ? new CrashingConnector(connector) : null;
    }

    private sealed class CrashingConnector(IConnector connector) : IConnector
    {
        public ChannelManifest Manifest => connector.Manifest;

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => true;

        public Normalised Normalise(WebhookBody webhook) => throw new FormatException($"Strange: {System.Text.Encoding.UTF8.GetString(webhook.Body.Span)}");

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
