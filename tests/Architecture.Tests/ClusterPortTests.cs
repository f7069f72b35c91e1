using Channels.Core;
using Channels.Silo;
using Microsoft.Extensions.Configuration;

namespace Channels.Architecture.Tests;

/// <summary>Only the cluster build reads them, which is not what is started by tests: they are read here.</summary>
public sealed class ClusterPortTests
{
    [Theory]
    [InlineData("abc")]
    [InlineData("0")]
    [InlineData("65536")]
    public void A_port_of_the_cluster_that_is_none_is_told_by_its_name(string value)
    {
        static int Of(string? port) => ClusterPort.Of(new ConfigurationBuilder().AddInMemoryCollection([new("Channels:Cluster:SiloPort", port)]).Build(), "SiloPort", 11111);

        var refused = Assert.Throws<SettingException>(() => Of(value));

        Assert.StartsWith($"Channels:Cluster:SiloPort is '{value}', ", refused.Message, StringComparison.Ordinal);
        Assert.Equal((11111, 22222), (Of(null), Of("22222")));
    }
}
