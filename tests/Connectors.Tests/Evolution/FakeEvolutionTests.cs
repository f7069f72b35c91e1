using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Channels.Connectors.Tests.Evolution;

/// <summary>What other tests and benches rely on in the fake itself.</summary>
public sealed class FakeEvolutionTests
{
    [Fact]
    public async Task Its_ledger_is_read_over_http_from_any_place()
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { MakesInstances = true });
        using var http = new HttpClient { BaseAddress = gateway.Address };
        http.DefaultRequestHeaders.Add("apikey", gateway.Options.ApiKey);
        await http.PostAsJsonAsync("/message/sendText/any", new { number = "1", text = "first" });
        await http.PostAsJsonAsync("/message/sendText/any", new { number = "1", text = "second" });

        var ledger = await http.GetFromJsonAsync<JsonElement>("/__fake/sends?after=1");

        Assert.Equal(2, ledger.GetProperty("total").GetInt32());
        Assert.Equal("second", Assert.Single(ledger.GetProperty("sends").EnumerateArray()).GetProperty("text").GetString());
    }

    [Fact]
    public async Task Its_behaviour_is_set_over_http()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        using var http = new HttpClient { BaseAddress = gateway.Address };

        await http.PostAsJsonAsync("/__fake/behaviour", new { delay = "00:00:01", fail_status = 500, echo = "before_answer", sends_per_second = 3 });

        Assert.Equal(new FakeBehaviour { Delay = TimeSpan.FromSeconds(1), FailStatus = 500, Echo = FakeEcho.BeforeAnswer, SendsPerSecond = 3 }, gateway.Behaviour);
    }

    [Theory]
    [InlineData(FakeEcho.BeforeAnswer)]
    [InlineData(FakeEcho.AfterAnswer)]
    public async Task Its_echo_comes_on_the_asked_side_of_the_answer_and_is_read_by_our_parser(FakeEcho echo)
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var instance = gateway.AddInstance("harbour-shop");
        await using var hub = await ListeningHub.StartAsync();
        using var http = new HttpClient { BaseAddress = gateway.Address };
        http.DefaultRequestHeaders.Add("apikey", gateway.Options.ApiKey);
        await http.PostAsJsonAsync("/webhook/set/harbour-shop", new { webhook = new { enabled = true, url = hub.Address, headers = new { apikey = "s" }, events = (string[])["SEND_MESSAGE"] } });
        gateway.Behaviour = new() { Echo = echo };

        var answered = http.PostAsJsonAsync("/message/sendText/harbour-shop", new { number = "447700900321", text = "hello" });
        var body = await hub.NextAsync();
        if (echo == FakeEcho.BeforeAnswer)
        {
            Assert.False(answered.IsCompleted);
        }

        hub.Release();
        Assert.Equal(HttpStatusCode.Created, (await answered).StatusCode);
        var happened = Assert.Single(Assert.IsType<Channels.Core.Events.Normalised.Events>(TestConnections.Connector("evolution").Normalise(new(body))).Items);
        Assert.Equal((gateway.Ledger.After(0).Single().Id, "hello"), (happened.MessageId, happened.Text));
        Assert.Equal(instance.Name, happened.Account);
    }

    [Fact]
    public async Task More_sends_than_allowed_in_a_second_are_refused_with_a_waiting_time()
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { MakesInstances = true, Clock = new StoppedClock() });
        gateway.Behaviour = new() { SendsPerSecond = 1 };
        using var http = new HttpClient { BaseAddress = gateway.Address };
        http.DefaultRequestHeaders.Add("apikey", gateway.Options.ApiKey);

        using var first = await http.PostAsJsonAsync("/message/sendText/any", new { number = "1", text = "a" });
        using var second = await http.PostAsJsonAsync("/message/sendText/any", new { number = "1", text = "b" });

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode));
        Assert.Equal(TimeSpan.FromSeconds(1), second.Headers.RetryAfter?.Delta);
        Assert.Equal(1, gateway.Ledger.Count);
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(1_767_261_600);
    }

    /// <summary>Takes one webhook and holds its answer back until released.</summary>
    private sealed class ListeningHub : IAsyncDisposable
    {
        private readonly TaskCompletionSource<byte[]> _body = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly WebApplication _app;

        private ListeningHub(WebApplication app) => _app = app;

        public Uri Address => new(_app.Urls.Single());

        public static async Task<ListeningHub> StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var app = builder.Build();
            var hub = new ListeningHub(app);
            app.Run(hub.TakeAsync);
            await app.StartAsync();
            return hub;
        }

        public Task<byte[]> NextAsync() => _body.Task.WaitAsync(TimeSpan.FromSeconds(10));

        public void Release() => _released.TrySetResult();

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private async Task TakeAsync(HttpContext http)
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            _body.TrySetResult(body.ToArray());
            await _released.Task;
        }
    }
}
