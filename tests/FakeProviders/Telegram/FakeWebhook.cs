using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Channels.FakeProviders.Telegram;

/// <summary>Posts a bot's updates as Telegram does: in order per chat, several chats at once, again and again until a 2xx or until they are too old.</summary>
public sealed class FakeWebhook
{
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _longestWish = TimeSpan.FromHours(1);
    private readonly FakeBot _bot;
    private readonly FakeUpdates _updates;
    private CancellationTokenSource? _running;

    internal FakeWebhook(FakeBot bot, FakeUpdates updates)
    {
        _bot = bot;
        _updates = updates;
    }

    /// <summary>Where to; null for nowhere.</summary>
    public Uri? Url { get; private set; }

    /// <summary>What it shows in the secret header.</summary>
    public string? Secret { get; private set; }

    /// <summary>How many posts at once.</summary>
    public int MaxConnections { get; private set; } = 40;

    /// <summary>The last failure, as <c>getWebhookInfo</c> tells it.</summary>
    public (DateTimeOffset At, string Words)? LastError { get; private set; }

    /// <summary>Every answer it got, as update and status; zero for none.</summary>
    public ConcurrentQueue<(long Update, int Status)> Answers { get; } = new();

    /// <summary>Points it elsewhere, as another program with the same token would.</summary>
    public void Set(Uri url, string? secret, int maxConnections = 40)
    {
        Stop();
        (Url, Secret, MaxConnections, LastError) = (url, secret, maxConnections, null);
        _updates.EndPoll("terminated by setWebhook request");
        _running = new CancellationTokenSource();
        _ = RunAsync(url, secret, _running.Token);
    }

    /// <summary>Takes it away.</summary>
    public void Remove()
    {
        Stop();
        (Url, Secret, LastError) = (null, null, null);
    }

    internal void Stop()
    {
        _running?.Cancel();
        _running = null;
    }

    private async Task RunAsync(Uri url, string? secret, CancellationToken stopping)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(60) };
        using var places = new SemaphoreSlim(MaxConnections, MaxConnections);
        var queues = new Dictionary<string, Task>(StringComparer.Ordinal);
        while (!stopping.IsCancellationRequested)
        {
            var changed = _updates.WhenChanged();
            foreach (var queue in _updates.Waiting().Select(update => update.Queue).Distinct())
            {
                if (!queues.TryGetValue(queue, out var running) || running.IsCompleted)
                {
                    queues[queue] = DrainAsync(queue, http, places, url, secret, stopping);
                }
            }

            // A queue that ends while it gets a new update is found by the next look.
            await Task.WhenAny(changed, Task.Delay(TimeSpan.FromMilliseconds(200), stopping));
        }

        await Task.WhenAll(queues.Values);
    }

    // The head blocks its queue until it is taken or too old; other queues go on.
    private async Task DrainAsync(string queue, HttpClient http, SemaphoreSlim places, Uri url, string? secret, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested && _updates.Waiting().Find(update => update.Queue == queue) is { } head)
        {
            var goneSince = (DateTimeOffset?)null;
            for (var failures = 0; !stopping.IsCancellationRequested; failures++)
            {
                var (status, wish) = await PostAsync(head, http, places, url, secret, stopping);
                if (status is >= 200 and < 300 || stopping.IsCancellationRequested)
                {
                    break;
                }

                var now = _bot.Server.Options.Clock.GetUtcNow();
                goneSince = status == 410 ? goneSince ?? now : null;
                if (goneSince is { } since && now - since > _bot.Server.Options.GoneLimit)
                {
                    Remove();
                    return;
                }

                // The first failure is made good at once.
                var doubling = failures == 0 ? TimeSpan.Zero : _bot.Server.Options.FirstWait * Math.Pow(2, Math.Min(failures - 1, 12));
                var wait = wish ?? (doubling < _longestWait ? doubling : _longestWait);
                if (now + wait > head.Expires)
                {
                    break;
                }

                await Task.Delay(wait, _bot.Server.Options.Clock, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            if (!stopping.IsCancellationRequested)
            {
                _updates.Done(head.Id);
            }
        }
    }

    private async Task<(int Status, TimeSpan? Wish)> PostAsync(
        FakeUpdate update, HttpClient http, SemaphoreSlim places, Uri url, string? secret, CancellationToken stopping)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(update.Body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        if (secret is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Telegram-Bot-Api-Secret-Token", secret);
        }

        try
        {
            await places.WaitAsync(stopping);
            try
            {
                using var response = await http.SendAsync(request, stopping);
                var answer = await response.Content.ReadAsByteArrayAsync(stopping);
                return await JudgeAsync(update, response, answer);
            }
            finally
            {
                places.Release();
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            Answers.Enqueue((update.Id, 0));
            LastError = (_bot.Server.Options.Clock.GetUtcNow(), failure is HttpRequestException ? "Connection refused" : "Read timeout expired");
            return (0, null);
        }
    }

    private async Task<(int Status, TimeSpan? Wish)> JudgeAsync(FakeUpdate update, HttpResponseMessage response, byte[] answer)
    {
        var status = (int)response.StatusCode;
        Answers.Enqueue((update.Id, status));
        if (response.IsSuccessStatusCode)
        {
            // A call in the answer is carried out, and nobody is told what came of it.
            await FakeTelegramHandler.CarryOutAsync(_bot, answer);
            return (status, null);
        }

        LastError = (_bot.Server.Options.Clock.GetUtcNow(), $"Wrong response from the webhook: {status} {ReasonOf(response.StatusCode)}");
        var wish = response.Headers.RetryAfter?.Delta;
        return (status, wish > _longestWish ? _longestWish : wish);
    }

    private static string ReasonOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => "Not Found",
        HttpStatusCode.Unauthorized => "Unauthorized",
        HttpStatusCode.ServiceUnavailable => "Service Unavailable",
        _ => status.ToString(),
    };
}
