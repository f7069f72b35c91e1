using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramContractTests : ConnectorContract
{
    protected override string Kind => "telegram";

    protected override string Folder => "Telegram";

    protected override Connection Channel => TelegramConnections.Of();

    protected override string Chat => "1001";

    protected override object? SettingsFor(Uri provider) => new { base_url = provider.ToString(), bot_token = "5550000001:AAFnotarealtokenofanybodyatall00000000", bot_username = "harbour_bot" };
}
