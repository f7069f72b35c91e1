using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramContractTests : ConnectorContract
{
    protected override string Kind => "telegram";

    protected override string Folder => "Telegram";

    protected override Connection Channel => TelegramConnections.Of();
}
