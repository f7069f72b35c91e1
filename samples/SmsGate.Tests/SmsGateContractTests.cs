using System.Reflection;
using Channels.Connectors.Contract;

namespace Channels.Samples.SmsGate.Tests;

/// <summary>All that the product asks of a kind.</summary>
public sealed class SmsGateContractTests : KindContract
{
    protected override string Kind => "sms_gate";

    protected override Assembly Assembly => typeof(SmsGateConnector).Assembly;

    protected override string KindFolder => Path.Combine(AppContext.BaseDirectory, "kind");

    protected override string Chat => "+351900000001";

    protected override object? SettingsFor(Uri provider) => new { base_url = provider.ToString(), api_key = "a-key-of-the-gateway" };
}
