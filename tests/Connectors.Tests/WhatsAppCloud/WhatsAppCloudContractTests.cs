namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudContractTests : ConnectorContract
{
    protected override string Kind => "whatsapp_cloud";

    protected override string Folder => "WhatsAppCloud";

    protected override string Chat => "447700900321";

    protected override object? SettingsFor(Uri provider) => new
    {
        phone_number_id = "500600700800901", access_token = "a-meta-token-0815", app_secret = "a-meta-app-secret-0815", base_url = provider.ToString(),
    };
}
