using System.Net;
using System.Net.Sockets;
using Channels.Core.Egress;

namespace Channels.Core.Tests.Egress;

public sealed class EgressCheckTests
{
    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://169.254.169.254./latest")]
    [InlineData("http://2852039166/latest")]
    [InlineData("http://0xa9fea9fe/")]
    [InlineData("http://0251.0376.0251.0376/")]
    [InlineData("http://user@10.0.0.1:8080/a.png")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[fe80::1%25nowhere]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("https://inside.example/a.png")]
    [InlineData("https://INSIDE.example./a.png")]
    [InlineData("https://both.example/a.png")]
    public async Task What_leads_into_a_private_network_is_forbidden(string address) => Assert.True(await Check().IsForbiddenAsync(new Uri(address), default));

    [Theory]
    [InlineData("https://1.1.1.1/a.png")]
    [InlineData("https://outside.example/a.png")]
    [InlineData("https://nowhere.example/a.png")]
    public async Task What_is_public_or_not_known_here_is_not(string address) => Assert.False(await Check().IsForbiddenAsync(new Uri(address), default));

    [Fact]
    public async Task What_the_operator_allows_is_not()
    {
        Assert.False(await Check("10.0.0.0/8").IsForbiddenAsync(new Uri("https://inside.example/a.png"), default));
        Assert.False(await Check("10.0.0.0/8").IsForbiddenAsync(new Uri("http://10.0.0.1/a.png"), default));
    }

    [Fact]
    public async Task A_look_up_that_hangs_is_not_waited_for_and_a_request_that_is_given_up_is()
    {
        var check = new EgressCheck(new EgressRules([]), (_, _) => new TaskCompletionSource<IPAddress[]>().Task);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        Assert.False(await check.IsForbiddenAsync(new Uri("https://slow.example/"), default));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check.IsForbiddenAsync(new Uri("https://slow.example/"), gone.Token));
    }

    private static EgressCheck Check(params string[] allowed) => new(new EgressRules(allowed.Select(IPNetwork.Parse)), (host, _) => host.ToUpperInvariant() switch
    {
        "INSIDE.EXAMPLE" => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1")]),
        "BOTH.EXAMPLE" => Task.FromResult<IPAddress[]>([IPAddress.Parse("1.1.1.1"), IPAddress.Parse("192.168.1.1")]),
        "OUTSIDE.EXAMPLE" => Task.FromResult<IPAddress[]>([IPAddress.Parse("1.1.1.1")]),
        _ => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
    });
}
