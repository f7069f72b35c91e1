namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionContractTests : ConnectorContract
{
    protected override string Kind => "evolution";

    protected override string Folder => "Evolution";

    protected override string Chat => "447700900321@s.whatsapp.net";

    protected override object? SettingsFor(Uri provider) => new { base_url = provider.ToString(), api_key = "an-evolution-key-0815", instance_name = "harbour-shop" };
}
