using System.Net;
using System.Net.Http.Json;
using Channels.Api.Tests.Host;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Api.Tests.Channels;

/// <summary>A kind may be somebody else's, and throw where it must not.</summary>
public sealed class CrashingKindTests(CrashingKindTests.CrashingHost host) : IClassFixture<CrashingKindTests.CrashingHost>
{
    private const string Words = "words-nobody-else-may-see";
    private const string Cancels = "cancels";

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

    [PostgresFact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_crash_like_any_other()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var preview = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/preview", new StringContent(Cancels))).JsonAsync();

        Assert.Equal("the parser of 'simulator' failed on it (TaskCanceledException)", preview.GetProperty("unreadable").GetString());
    }

    [PostgresFact]
    public async Task Rules_that_crash_refuse_nothing_and_are_told_without_words()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();

        var answer = await tenant.Http.PostAsJsonAsync($"/api/v1/accounts/{channel}/messages", new { to = "5491122223333", text = Words });

        await answer.JsonAsync(HttpStatusCode.Accepted);
        Assert.Single(host.Grains.Sent, sent => sent.Conversation.Account.Value == channel);
        Assert.Contains(host.Logs.Entries, entry => entry.Level == LogLevel.Warning && entry.Message.Contains("ArithmeticException", StringComparison.Ordinal));
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

    private sealed class CrashingConnector(IConnector connector) : IContentRules
    {
        public ChannelManifest Manifest => connector.Manifest;

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => true;

        public Normalised Normalise(WebhookBody webhook) => System.Text.Encoding.UTF8.GetString(webhook.Body.Span) is not Cancels and var body ? throw new FormatException($"Strange: {body}") : throw new TaskCanceledException();

        public ContentRefusal? RefusalOf(string text, OutboundContent? content) => throw new ArithmeticException(text);

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
