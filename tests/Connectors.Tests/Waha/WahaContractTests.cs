namespace Channels.Connectors.Tests.Waha;

public sealed class WahaContractTests : ConnectorContract
{
    protected override string Kind => "waha";

    protected override string Folder => "Waha";

    protected override string Chat => "447700900321@s.whatsapp.net";

    protected override object? SettingsFor(Uri provider) => new
    {
        base_url = provider.ToString(), session = "harbour-shop", api_key = "a-waha-key-0815", auth = new { username = "mira", password = "pass-word-0815" },
    };
}
