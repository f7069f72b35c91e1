namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionContractTests : ConnectorContract
{
    protected override string Kind => "evolution";

    protected override string Folder => "Evolution";
}
