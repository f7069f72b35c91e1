using Channels.Core.Connectors;
using Channels.FakeProviders.Waha;

namespace Channels.Connectors.Tests.Waha;

/// <summary>Connections to a fake server.</summary>
internal static class WahaConnections
{
    public const string Session = "harbour-shop";

    public static Connection To(FakeWaha server, int sendTimeoutSeconds = 20, string? key = null, Uri? webhookUrl = null) => TestConnections.To(
        new { base_url = server.Address.ToString(), session = Session, api_key = key ?? server.Options.ApiKey, send_timeout_seconds = sendTimeoutSeconds },
        webhookUrl: webhookUrl ?? new Uri("http://127.0.0.1:1/webhooks/waha/00000000-0000-7000-8000-000000000002"));
}
