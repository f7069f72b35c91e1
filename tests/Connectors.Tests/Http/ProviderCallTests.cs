using System.Collections.Frozen;
using System.Text;
using Channels.Connectors.Tests.Telegram;
using Channels.Core.Connectors;
using Channels.FakeProviders;
using Channels.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Connectors.Tests.Http;

/// <summary>What every kind makes of calls that come to nothing.</summary>
public sealed class ProviderCallTests
{
    private static readonly OutboundContent _file = new OutboundContent.File(FileForm.Document, "https://files.example/a.pdf", null, "application/pdf", "a.pdf");
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData("evolution")]
    [InlineData("waha")]
    [InlineData("telegram")]
    [InlineData("whatsapp_cloud")]
    public async Task A_provider_that_cannot_be_reached_is_tried_later_also_when_our_limit_is_shorter_than_the_connections(string kind)
    {
        using var provider = await DeafServer.StartAsync();

        var outcome = await TestConnections.Connector(kind).SendAsync(To(kind, provider.Address, sendTimeoutSeconds: 1), Message(kind), CancellationToken.None);

        Assert.Equal(("unreachable", "no connection within the time limit"), (Assert.IsType<SendOutcome.TryLater>(outcome).Code, ((SendOutcome.TryLater)outcome).Reason));
    }

    [Theory]
    [InlineData("evolution", "gzip")]
    [InlineData("evolution", "deflate")]
    [InlineData("evolution", "br")]
    [InlineData("waha", "br")]
    [InlineData("telegram", "gzip")]
    [InlineData("telegram", "br")]
    [InlineData("whatsapp_cloud", "gzip")]
    [InlineData("whatsapp_cloud", "br")]
    public async Task An_answer_that_came_damaged_is_an_answer_of_which_nothing_is_known(string kind, string encoding)
    {
        await using var provider = await StartAsync(http =>
        {
            http.Response.ContentType = "application/json";
            http.Response.Headers.ContentEncoding = encoding;
            return http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("""{"this is": "no packed answer, whatever its header says"}""")).AsTask();
        });
        var connector = TestConnections.Connector(kind);

        var outcome = await connector.SendAsync(To(kind, AddressOf(provider)), Message(kind), CancellationToken.None);

        var unknown = Assert.IsType<SendOutcome.Unknown>(outcome);

        // Nobody asked for Brotli: such an answer is not unpacked, and is none that can be read.
        Assert.True(encoding == "br" || unknown.Reason == "the answer came damaged", unknown.Reason);
        if (connector is ISentLookup lookup)
        {
            Assert.IsType<SentLookupOutcome.CannotSay>(await lookup.FindSentAsync(
                To(kind, AddressOf(provider)), Message(kind), DateTimeOffset.UnixEpoch.AddDays(1), FrozenSet<string>.Empty, CancellationToken.None));
        }
    }

    [Theory]
    [InlineData("evolution")]
    [InlineData("waha")]
    [InlineData("telegram")]
    public async Task A_file_has_a_minute_and_a_text_what_the_channel_says(string kind)
    {
        var arrived = new SemaphoreSlim(0);
        await using var provider = await StartAsync(http =>
        {
            arrived.Release();
            return Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var connector = new ServiceCollection().AddSingleton<TimeProvider>(_clock).AddConnectors(new ConfigurationBuilder().Build())
            .BuildServiceProvider().GetRequiredService<IConnectorCatalog>().Find(kind)!;

        var file = connector.SendAsync(To(kind, AddressOf(provider)), Message(kind) with { Content = _file }, CancellationToken.None);
        var text = connector.SendAsync(To(kind, AddressOf(provider)), Message(kind), CancellationToken.None);
        Assert.True(await arrived.WaitAsync(TimeSpan.FromSeconds(20)) && await arrived.WaitAsync(TimeSpan.FromSeconds(20)));
        _clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("no answer within 20 s", Assert.IsType<SendOutcome.Unknown>(await text.WaitAsync(TimeSpan.FromSeconds(20))).Reason);
        Assert.False(file.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(40));

        Assert.Equal("no answer within 60 s", Assert.IsType<SendOutcome.Unknown>(await file.WaitAsync(TimeSpan.FromSeconds(20))).Reason);
    }

    private static OutboundMessage Message(string kind) => kind switch
    {
        "telegram" => TelegramConnections.Message(),
        "whatsapp_cloud" => TestConnections.Message(chat: "447700900321"),
        _ => TestConnections.Message(),
    };

    private static Connection To(string kind, Uri provider, int sendTimeoutSeconds = 20) => kind switch
    {
        "evolution" => TestConnections.ToGateway(provider, sendTimeoutSeconds: sendTimeoutSeconds),
        "waha" => TestConnections.To(new { base_url = provider.ToString(), session = "harbour-shop", api_key = "a-waha-key-0815", send_timeout_seconds = sendTimeoutSeconds }),
        "telegram" => TelegramConnections.At(provider, sendTimeoutSeconds: sendTimeoutSeconds),
        _ => TestConnections.To(new
        {
            phone_number_id = "500600700800901", business_account_id = "500600700800900", access_token = "a-token-of-metas", app_secret = "an-app-secret",
            base_url = provider.ToString(), send_timeout_seconds = sendTimeoutSeconds,
        }),
    };

    private static Uri AddressOf(WebApplication provider) => new(provider.Urls.Single());

    private static async Task<WebApplication> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return app;
    }
}
