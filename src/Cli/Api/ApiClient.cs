using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.Api;

/// <summary>Asks the server. Every outcome is a value; throws only <see cref="OperationCanceledException"/>.</summary>
internal sealed class ApiClient : IDisposable
{
    private const int MostAttempts = 5;

    /// <summary>Bytes. Beyond them the server is asked before they are sent: one that refuses at the headers breaks the connection over the rest, and its answer with it.</summary>
    private const int AskFirst = 64 << 10;

    /// <summary>As long as the server itself gives a file.</summary>
    private static readonly TimeSpan _forFiles = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly ServerSettings _server;
    private readonly Report _report;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _patience;

    public ApiClient(ServerSettings server, Report report, Surroundings here)
    {
        _server = server;
        _report = report;
        _clock = here.Clock;
        _patience = here.Patience;

        // No redirects: the key is for this server and nobody it may point to.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10), Expect100ContinueTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = server.Url,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("channels-cli", typeof(ApiClient).Assembly.GetName().Version?.ToString(3)));
        if (server.Key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Key);
        }

        if (server.Tenant is not null)
        {
            _http.DefaultRequestHeaders.Add("X-Tenant-Id", server.Tenant);
        }
    }

    /// <summary>Whether the header takes it and the server will: 1 to 255 visible ASCII characters without spaces.</summary>
    public static bool CanBeIdempotencyKey(string key) => key.Length is > 0 and <= 255 && key.All(letter => letter is > ' ' and < '\u007f');

    /// <summary>What a server takes beside the usual for a question that it passes on to a provider.</summary>
    public static TimeSpan ForProviders { get; } = TimeSpan.FromSeconds(60);

    /// <summary>A key for <c>Idempotency-Key</c> that nobody else has.</summary>
    public static string NewIdempotencyKey() => $"cli-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";

    /// <summary>Reads.</summary>
    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellationToken) => AskAsync(HttpMethod.Get, path, null, null, _patience, cancellationToken);

    /// <summary>Posts once.</summary>
    /// <param name="path">Below the server's address.</param>
    /// <param name="body">Sent as JSON.</param>
    /// <param name="wait">How long the server itself waits for something, beside the usual.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public Task<ApiAnswer> PostAsync(string path, object body, TimeSpan wait, CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Post, path, JsonOf(body), null, _patience + wait, cancellationToken);

    /// <summary>Posts, and posts the same again under the same key while nobody answers: it is done once, however often it has to be asked for.</summary>
    public Task<ApiAnswer> PostRepeatedlyAsync(string path, object body, string idempotencyKey, TimeSpan wait, CancellationToken cancellationToken) =>
        RepeatAsync(() => AskAsync(HttpMethod.Post, path, JsonOf(body), idempotencyKey, _patience + wait, cancellationToken), cancellationToken);

    /// <summary>Keeps a file to be sent. The same file twice has the same <c>media_id</c>, so it may be repeated without a key.</summary>
    public Task<ApiAnswer> UploadAsync(byte[] file, CancellationToken cancellationToken) => RepeatAsync(
        () => AskAsync(HttpMethod.Post, "/api/v1/media", new ByteArrayContent(file) { Headers = { ContentType = new("application/octet-stream") } }, null, _patience + _forFiles, cancellationToken),
        cancellationToken);

    /// <summary>An answer that is not what the API gives there: another product's, which may well be JSON with a 200.</summary>
    public ApiAnswer Expect(ApiAnswer answer, Predicate<JsonElement> isOurs) => answer is ApiAnswer.Done { Body: var body } && !isOurs(body)
        ? new ApiAnswer.Unreachable($"What answers at {_server.Shown} is no Channels server: its answer is another than the API's. Check the address.")
        : answer;

    public void Dispose() => _http.Dispose();

    private static StringContent JsonOf(object body) => new(JsonSerializer.Serialize(body, Report.Json), Encoding.UTF8, "application/json");

    private async Task<ApiAnswer> RepeatAsync(Func<Task<ApiAnswer>> ask, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await ask();
            var (again, after, why) = answer switch
            {
                ApiAnswer.Unreachable unreachable => (true, null, unreachable.Reason),
                ApiAnswer.Refused { Problem: { MayPass: true } problem } => (true, problem.RetryAfter, problem.Title + "."),
                _ => (false, default(TimeSpan?), ""),
            };
            if (!again || attempt == MostAttempts)
            {
                return answer;
            }

            var pause = TimeSpan.FromTicks(Math.Min(Math.Max((_firstPause * Math.Pow(2, attempt - 1)).Ticks, after?.Ticks ?? 0), _longestPause.Ticks));
            _report.Note(string.Create(CultureInfo.InvariantCulture, $"{why} Trying the same again in {pause.TotalSeconds:0.#} s."));
            await Task.Delay(pause, _clock, cancellationToken);
        }
    }

    private async Task<ApiAnswer> AskAsync(
        HttpMethod method, string path, HttpContent? content, string? idempotencyKey, TimeSpan patience, CancellationToken cancellationToken)
    {
        // Below the address's own path: the server may stand behind a proxy's prefix.
        using var request = new HttpRequestMessage(method, path.TrimStart('/')) { Content = content };
        request.Headers.ExpectContinue = content?.Headers.ContentLength > AskFirst;
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            using var response = await _http.SendAsync(request, limit.Token);
            return Read(response.StatusCode, await response.Content.ReadAsStringAsync(limit.Token), RetryAfter(response));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ApiAnswer.Unreachable(string.Create(CultureInfo.InvariantCulture, $"{_server.Shown} did not answer within {patience.TotalSeconds:0.#} s."));
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException)
        {
            return new ApiAnswer.Unreachable($"{_server.Shown} cannot be reached: {WhyNot(failed)}");
        }
    }

    private ApiAnswer Read(HttpStatusCode status, string body, TimeSpan? retryAfter)
    {
        if ((int)status is >= 200 and < 300)
        {
            try
            {
                return new ApiAnswer.Done(body.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(body));
            }
            catch (JsonException)
            {
                return new ApiAnswer.Unreachable($"What answers at {_server.Shown} is no Channels server: its answer is no JSON. Check the address.");
            }
        }

        return ApiProblem.TryRead((int)status, body, retryAfter) is { } problem
            ? new ApiAnswer.Refused(problem)
            : new ApiAnswer.Unreachable($"What answers at {_server.Shown} is no Channels server, or stands before one that is down: status {(int)status} without a reason. Check the address.");
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date - _clock.GetUtcNow() is var rest && rest > TimeSpan.Zero => rest,
        _ => null,
    };

    private static string WhyNot(Exception failed) => failed switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name is not known.",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "no secure connection can be made; is its certificate valid, and is it https at all?",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "nothing listens there, or a firewall is in between.",
        _ => "the connection broke.",
    };
}
