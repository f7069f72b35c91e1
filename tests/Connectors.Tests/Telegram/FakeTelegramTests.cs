using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Channels.FakeProviders.Telegram;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Channels.Connectors.Tests.Telegram;

/// <summary>The fake keeps Telegram's rules: what is proven against it would otherwise prove little.</summary>
public sealed class FakeTelegramTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private FakeTelegram _telegram = null!;
    private FakeBot _bot = null!;

    public async Task InitializeAsync()
    {
        _telegram = await FakeTelegram.StartAsync(new FakeTelegramOptions { FirstWait = TimeSpan.FromMilliseconds(20) });
        _bot = _telegram.AddBot("70:abc", "harbour_shop_bot");
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _telegram.DisposeAsync();
    }

    [Fact]
    public async Task Updates_are_given_until_they_are_confirmed()
    {
        _bot.Updates.PersonSays(_bot.Person(1), "a");
        _bot.Updates.PersonSays(_bot.Person(2), "b");

        var first = await CallAsync("getUpdates", new { });
        var again = await CallAsync("getUpdates", new { });
        var rest = await CallAsync("getUpdates", new { offset = first.GetProperty("result")[0].GetProperty("update_id").GetInt64() + 1 });

        Assert.Equal(2, first.GetProperty("result").GetArrayLength());
        Assert.Equal(first.GetRawText(), again.GetRawText());
        Assert.Equal("b", Assert.Single(rest.GetProperty("result").EnumerateArray()).GetProperty("message").GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_second_poller_ends_the_first()
    {
        var first = CallAsync("getUpdates", new { timeout = 30 });
        while (!_bot.Updates.IsPolled)
        {
            await Task.Yield();
        }

        var second = CallAsync("getUpdates", new { timeout = 30 });

        Assert.Equal((409, true), (Code(await first), Words(await first).Contains("terminated by other getUpdates", StringComparison.Ordinal)));
        _bot.Updates.PersonSays(_bot.Person(1), "a");
        Assert.Single((await second).GetProperty("result").EnumerateArray());
    }

    [Fact]
    public async Task A_webhook_and_polling_exclude_each_other()
    {
        await CallAsync("setWebhook", new { url = "http://127.0.0.1:1/" });
        Assert.Equal(409, Code(await CallAsync("getUpdates", new { })));

        await CallAsync("deleteWebhook", new { });
        Assert.True((await CallAsync("getUpdates", new { })).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task Reactions_come_only_to_who_asked_for_them()
    {
        Assert.Null(_bot.Updates.Happened("message_reaction", new { }, "1"));

        await CallAsync("setWebhook", new { url = "http://127.0.0.1:1/", allowed_updates = new[] { "message_reaction" } });

        Assert.NotNull(_bot.Updates.Happened("message_reaction", new { }, "1"));
        Assert.Null(_bot.Updates.Happened("message", new { }, "1"));
    }

    [Fact]
    public async Task A_chat_waits_for_its_first_update_and_others_do_not()
    {
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = new ConcurrentQueue<string>();
        var open = false;
        await using var server = await ListenAsync(async http =>
        {
            var update = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
            var text = update.GetProperty("message").GetProperty("text").GetString()!;
            told.Enqueue($"{text}:{http.Request.Headers["X-Telegram-Bot-Api-Secret-Token"]}");

            http.Response.StatusCode = text == "stuck" && !Volatile.Read(ref open) ? 503 : 200;
            if (http.Response.StatusCode == 503 && told.Count(one => one.StartsWith("stuck", StringComparison.Ordinal)) >= 3)
            {
                refused.TrySetResult();
            }
        });
        await CallAsync("setWebhook", new { url = server.Urls.Single(), secret_token = "s-1" });

        _bot.Updates.PersonSays(_bot.Person(1), "stuck");
        _bot.Updates.PersonSays(_bot.Person(1), "behind");
        _bot.Updates.PersonSays(_bot.Person(2), "other");

        await refused.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await UntilAsync(() => told.Contains("other:s-1"));
        Assert.DoesNotContain("behind:s-1", told);
        Volatile.Write(ref open, true);
        await UntilAsync(() => told.Contains("behind:s-1"));
        await UntilAsync(() => _bot.Updates.Pending == 0);
    }

    [Fact]
    public async Task A_call_in_the_answer_is_carried_out()
    {
        await using var server = await ListenAsync(http => http.Response.WriteAsync("""{"method":"sendMessage","chat_id":1,"text":"hello"}"""));
        await CallAsync("setWebhook", new { url = server.Urls.Single() });
        var sent = _bot.NextSendAsync();

        _bot.Updates.PersonSays(_bot.Person(1), "a");

        Assert.Equal("hello", (await sent).Text);
    }

    [Fact]
    public async Task Errors_are_said_as_the_Bot_API_says_them()
    {
        _bot.Person(1);

        Assert.Equal((401, "Unauthorized"), await ErrorAsync("/bot71:abc/getMe"));
        Assert.Equal((404, "Not Found"), await ErrorAsync("/getMe"));
        Assert.Equal((404, "Not Found: method not found"), await ErrorAsync("/bot70:abc/fly"));
        Assert.Equal((400, "Bad Request: chat not found"), await ErrorAsync("/bot70:abc/sendMessage?chat_id=9&text=x"));
        Assert.Equal((400, "Bad Request: message text is empty"), await ErrorAsync("/bot70:abc/sendMessage?chat_id=1"));
        Assert.Equal((400, "Bad Request: secret token contains unallowed characters"), await ErrorAsync("/bot70:abc/setWebhook?url=http://a/&secret_token=a.b"));
    }

    private static async Task<WebApplication> ListenAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(context => answer(context));
        await app.StartAsync();
        return app;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private async Task<(int, string)> ErrorAsync(string path)
    {
        var answer = JsonSerializer.Deserialize<JsonElement>(await (await _http.GetAsync(new Uri(_telegram.Address, path))).Content.ReadAsByteArrayAsync());
        return (Code(answer), Words(answer));
    }

    private async Task<JsonElement> CallAsync(string method, object body)
    {
        using var response = await _http.PostAsJsonAsync(new Uri(_telegram.Address, $"/bot70:abc/{method}"), body);
        return JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsByteArrayAsync());
    }

    private static int Code(JsonElement answer) => answer.GetProperty("error_code").GetInt32();

    private static string Words(JsonElement answer) => answer.GetProperty("description").GetString()!;
}
