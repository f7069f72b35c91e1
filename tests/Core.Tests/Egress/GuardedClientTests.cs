using System.Net;
using Channels.Core.Egress;
using Channels.FakeProviders;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Core.Tests.Egress;

public sealed class GuardedClientTests : IAsyncLifetime
{
    private WebApplication _server = null!;
    private int _calls;

    private Uri Address => new(_server.Urls.First());

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.MapGet("/", () => $"call {Interlocked.Increment(ref _calls)}");
        _server.MapGet("/redirect", () => Results.Redirect("/"));
        await _server.StartAsync();
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_embedded_default_reaches_this_machine()
    {
        var answer = await Client([]).GetStringAsync(Address);

        Assert.Equal("call 1", answer);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    public async Task With_a_database_of_ones_own_nothing_private_is_reached_however_it_is_written(string host)
    {
        var client = Client(new() { ["ConnectionStrings:Channels"] = "Host=db" });

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://{host}:{Address.Port}/"));

        // Names like 0x7f.1 may already fail to resolve; what counts is that nothing arrives.
        Assert.True(failure.InnerException is EgressRefusedException || failure.HttpRequestError == HttpRequestError.NameResolutionError, failure.ToString());
        Assert.Equal(0, _calls);
    }

    [Theory]
    [InlineData("127.0.0.1/32")]
    [InlineData("10.0.0.0/8, 127.0.0.0/8")]
    [InlineData("127.0.0.1")]
    public async Task What_is_allowed_in_the_configuration_is_reached(string allowed)
    {
        var client = Client(new() { ["ConnectionStrings:Channels"] = "Host=db", ["Channels:Egress:Allow"] = allowed });

        Assert.Equal("call 1", await client.GetStringAsync(Address));
    }

    [Fact]
    public async Task A_list_in_the_configuration_replaces_the_embedded_default()
    {
        var client = Client(new() { ["Channels:Egress:Allow:0"] = "10.0.0.0/8" });

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(Address));
    }

    [Fact]
    public void A_network_that_is_none_stops_the_start_and_is_named() =>
        Assert.Contains("10.0.0.0/99", Assert.Throws<SettingException>(() => Client(new() { ["Channels:Egress:Allow"] = "10.0.0.0/99" })).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        var answer = await Client([]).GetAsync(new Uri(Address, "/redirect"));

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(0, _calls);
    }

    [Fact]
    public async Task The_guard_stays_whoever_configures_the_client_afterwards()
    {
        var services = Services(new() { ["ConnectionStrings:Channels"] = "Host=db" });
        services.AddHttpClient("tenant").ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler());
        var client = services.BuildServiceProvider().GetRequiredService<IHttpClientFactory>().CreateClient("tenant");

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(Address));
    }

    [Fact]
    public async Task An_address_that_drops_what_it_is_sent_leaves_time_for_the_next()
    {
        var dropping = IPAddress.Parse("127.0.0.2");
        using var deaf = await DeafServer.StartAsync(dropping, Address.Port);
        using var client = new HttpClient(EgressServices.Handler(new EgressRules(EgressRules.Loopback), (_, _) => Task.FromResult<IPAddress[]>([dropping, IPAddress.Loopback])));

        Assert.Equal("call 1", await client.GetStringAsync($"http://gateway.example:{Address.Port}/"));
    }

    [Fact]
    public async Task Whoever_asks_for_a_connection_may_give_up_while_an_address_has_its_share()
    {
        using var deaf = await DeafServer.StartAsync();
        using var client = new HttpClient(EgressServices.Handler(new EgressRules(EgressRules.Loopback), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Loopback])));
        using var enough = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetStringAsync($"http://gateway.example:{deaf.Port}/", enough.Token));
    }

    private static HttpClient Client(Dictionary<string, string?> settings) =>
        Services(settings).BuildServiceProvider().GetRequiredService<IHttpClientFactory>().CreateClient("tenant");

    private static ServiceCollection Services(Dictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddEgressRules(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddGuardedHttpClient("tenant");
        return services;
    }
}
