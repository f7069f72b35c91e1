namespace Channels.Connectors.Tests.Waha;

public sealed class WahaContractTests : ConnectorContract
{
    protected override string Kind => "waha";

    protected override string Folder => "Waha";
}
