using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Connectors.Tests;

/// <summary>Connections and connectors as the product would make them.</summary>
internal static class TestConnections
{
    public const string WebhookSecret = "webhook-secret-0123456789";
    public const string ApiKey = "fake-evolution-key";

    /// <summary>The catalog over the real HTTP client.</summary>
    /// <param name="clock">The system's when absent. Limits of calls go by it: one that stands still lets none pass.</param>
    public static IConnectorCatalog Catalog(TimeProvider? clock = null) =>
        new ServiceCollection().AddSingleton(clock ?? TimeProvider.System).AddConnectors(new ConfigurationBuilder().Build()).BuildServiceProvider().GetRequiredService<IConnectorCatalog>();

    public static IConnector Connector(string kind, TimeProvider? clock = null) => Catalog(clock).Find(kind)!;

    public static Connection To(object settings, string secret = WebhookSecret, string identity = "447700900100", Uri? webhookUrl = null) => new(
        new TenantId(Guid.Parse("00000000-0000-7000-8000-000000000001")),
        new AccountId(Guid.Parse("00000000-0000-7000-8000-000000000002")),
        identity,
        JsonSerializer.SerializeToElement(settings),
        secret,
        webhookUrl ?? new Uri("http://127.0.0.1:1/webhooks/evolution/00000000-0000-7000-8000-000000000002"));

    public static Connection ToGateway(Uri address, string instance = "harbour-shop", string key = ApiKey, int sendTimeoutSeconds = 20) =>
        To(new { base_url = address.ToString(), api_key = key, instance_name = instance, send_timeout_seconds = sendTimeoutSeconds });

    public static OutboundMessage Message(string text = "We open at nine.", string chat = "447700900321@s.whatsapp.net", string? replyTo = null) =>
        new(new MessageId(Guid.Parse("00000000-0000-7000-8000-000000000003")), chat, text, replyTo);
}
