using System.Net.Http.Headers;
using System.Net.Mime;
using Channels.Connectors.Http;
using Channels.Core.Egress;

namespace Channels.Connectors.Telegram;

/// <summary>Makes one call to a Bot API server and says what happened. No retries here: what may be repeated is decided where it is known.</summary>
internal sealed class TelegramApi(IHttpClientFactory http, TimeProvider clock)
{
    private const string Server = "the Bot API";

    /// <summary>Throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> is the cause. No part of the address gets into the answer: the token stands in it.</summary>
    public Task<TelegramAnswer> CallAsync(TelegramSettings settings, string method, ReadOnlyMemory<byte> json, TimeSpan limit, CancellationToken cancellationToken)
    {
        var content = new ReadOnlyMemoryContent(json);
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json);
        return CallAsync(settings, method, content, limit, cancellationToken);
    }

    /// <summary>The same with a file in the request. Disposes of the content.</summary>
    public async Task<TelegramAnswer> CallAsync(TelegramSettings settings, string method, HttpContent content, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var limited = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, settings.CallTo(method)) { Content = new WatchedContent(content) };
        try
        {
            using var client = http.CreateClient(ProviderHttp.ClientName);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            var answer = await response.Content.ReadAsByteArrayAsync(either.Token);
            return TelegramAnswer.Of(response.StatusCode, answer, RetryAfterOf(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException cancelled)
        {
            // Either limit may end first, ours or the connection's own. What was not asked for its body has sent nothing.
            return request.Content is WatchedContent { WasAskedFor: false } ? TelegramAnswer.None(NetworkTrouble.NoConnection, neverLeft: true)
                : limited.IsCancellationRequested ? TelegramAnswer.None($"no answer within {limit.TotalSeconds:0.#} s", neverLeft: false)
                : TelegramAnswer.None(NetworkTrouble.NoConnection, neverLeft: cancelled.InnerException is TimeoutException);
        }
        catch (HttpRequestException failed) when (failed.InnerException is EgressRefusedException refused)
        {
            return TelegramAnswer.None(refused.Message, neverLeft: true);
        }
        catch (HttpRequestException failed)
        {
            return TelegramAnswer.None(
                NetworkTrouble.Of(failed.HttpRequestError, Server), NetworkTrouble.NeverLeft(failed.HttpRequestError), NetworkTrouble.IsTooLarge(failed.HttpRequestError));
        }
        catch (IOException)
        {
            return TelegramAnswer.None(NetworkTrouble.BrokenOff, neverLeft: false);
        }
        catch (Exception damaged) when (NetworkTrouble.IsDamaged(damaged))
        {
            return TelegramAnswer.None(NetworkTrouble.Damaged, neverLeft: false);
        }
    }

    /// <summary>Copies a file of Telegram's. Null when it is all there, else why not; throws also what <paramref name="destination"/> throws.</summary>
    public async Task<string?> DownloadAsync(TelegramSettings settings, string path, Stream destination, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var limited = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        try
        {
            using var client = http.CreateClient(ProviderHttp.ClientName);
            using var response = await client.GetAsync(settings.FileAt(path), HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (!response.IsSuccessStatusCode)
            {
                return $"Telegram answers {(int)response.StatusCode}";
            }

            await response.Content.CopyToAsync(destination, either.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"not all of it came within {limit.TotalSeconds:0.#} s";
        }
        catch (HttpRequestException failed)
        {
            return failed.InnerException is EgressRefusedException refused ? refused.Message : NetworkTrouble.Of(failed.HttpRequestError, Server);
        }
        catch (Exception damaged) when (NetworkTrouble.IsDamaged(damaged))
        {
            return NetworkTrouble.Damaged;
        }
    }

    private TimeSpan? RetryAfterOf(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date ? TimeSpan.FromTicks(Math.Max(0, (date - clock.GetUtcNow()).Ticks)) : null);
}
