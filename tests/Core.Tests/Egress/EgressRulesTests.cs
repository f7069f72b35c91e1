using System.Net;
using Channels.Core.Egress;

namespace Channels.Core.Tests.Egress;

public sealed class EgressRulesTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.2.1")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:db8::1")]
    [InlineData("2001::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("ff02::1")]
    public void What_is_not_public_is_refused(string address) => Assert.False(new EgressRules([]).MayConnect(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("::ffff:1.1.1.1")]
    [InlineData("64:ff9b::101:101")]
    public void What_is_public_is_let_through(string address) => Assert.True(new EgressRules([]).MayConnect(IPAddress.Parse(address)));

    [Fact]
    public void What_the_operator_allows_is_let_through_and_nothing_beside_it()
    {
        var rules = new EgressRules([IPNetwork.Parse("10.20.0.0/16")]);

        Assert.True(rules.MayConnect(IPAddress.Parse("10.20.3.4")));
        Assert.True(rules.MayConnect(IPAddress.Parse("::ffff:10.20.3.4")));
        Assert.False(rules.MayConnect(IPAddress.Parse("10.21.3.4")));
    }
}
