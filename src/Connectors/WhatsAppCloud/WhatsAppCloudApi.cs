using System.Net.Http.Headers;
using System.Net.Mime;
using Channels.Connectors.Http;
using Channels.Core.Egress;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Makes one call to the Graph API and says what happened. No retries here: what may be repeated is decided where it is known.</summary>
internal sealed class WhatsAppCloudApi(IHttpClientFactory http, TimeProvider clock)
{
    /// <summary>Throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> is the cause.</summary>
    public Task<WhatsAppCloudAnswer> CallAsync(
        WhatsAppCloudSettings settings, HttpMethod method, Uri address, ReadOnlyMemory<byte>? body, TimeSpan limit, CancellationToken cancellationToken) =>
        CallAsync(settings, method, address, body is { } json ? JsonContent(json) : null, limit, cancellationToken);

    /// <summary>The same with any content; disposes of it.</summary>
    public Task<WhatsAppCloudAnswer> CallAsync(
        WhatsAppCloudSettings settings, HttpMethod method, Uri address, HttpContent? content, TimeSpan limit, CancellationToken cancellationToken) =>
        CallAsync(settings, method, address, content, HttpCompletionOption.ResponseContentRead, ReadAsync, limit, cancellationToken);

    /// <summary>Fetches what an address holds into a stream: the answer is a success without a body, or an error with one.</summary>
    public Task<WhatsAppCloudAnswer> DownloadAsync(WhatsAppCloudSettings settings, Uri address, Stream destination, TimeSpan limit, CancellationToken cancellationToken) =>
        CallAsync(
            settings, HttpMethod.Get, address, content: null, HttpCompletionOption.ResponseHeadersRead,
            async (response, token) =>
            {
                if (!response.IsSuccessStatusCode)
                {
                    return await ReadAsync(response, token);
                }

                await using var bytes = await response.Content.ReadAsStreamAsync(token);
                await bytes.CopyToAsync(destination, token);
                return WhatsAppCloudAnswer.Of(response.StatusCode, default, null);
            },
            limit,
            cancellationToken);

    private async Task<WhatsAppCloudAnswer> CallAsync(
        WhatsAppCloudSettings settings, HttpMethod method, Uri address, HttpContent? content, HttpCompletionOption completion,
        Func<HttpResponseMessage, CancellationToken, Task<WhatsAppCloudAnswer>> read, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var limited = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, address) { Content = content is null ? null : new WatchedContent(content) };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {settings.AccessToken}");
        try
        {
            using var client = http.CreateClient(ProviderHttp.ClientName);
            using var response = await client.SendAsync(request, completion, either.Token);
            return await read(response, either.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException cancelled)
        {
            // Either limit may end first, ours or the connection's own. What was not asked for its body has sent nothing.
            return request.Content is WatchedContent { WasAskedFor: false } ? WhatsAppCloudAnswer.None(NetworkTrouble.NoConnection, neverLeft: true)
                : limited.IsCancellationRequested ? WhatsAppCloudAnswer.None($"no answer within {limit.TotalSeconds:0.#} s", neverLeft: false)
                : WhatsAppCloudAnswer.None(NetworkTrouble.NoConnection, neverLeft: cancelled.InnerException is TimeoutException);
        }
        catch (HttpRequestException failed) when (failed.InnerException is EgressRefusedException refused)
        {
            return WhatsAppCloudAnswer.None(refused.Message, neverLeft: true);
        }
        catch (HttpRequestException failed)
        {
            return WhatsAppCloudAnswer.None(NetworkTrouble.Of(failed.HttpRequestError, "Meta"), NetworkTrouble.NeverLeft(failed.HttpRequestError));
        }
        catch (IOException)
        {
            return WhatsAppCloudAnswer.None(NetworkTrouble.BrokenOff, neverLeft: false);
        }
        catch (Exception damaged) when (NetworkTrouble.IsDamaged(damaged))
        {
            return WhatsAppCloudAnswer.None(NetworkTrouble.Damaged, neverLeft: false);
        }
    }

    private async Task<WhatsAppCloudAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) => WhatsAppCloudAnswer.Of(
        response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken), RetryAfterOf(response.Headers.RetryAfter),
        WhatsAppCloudUsage.Read(response.Headers));

    private static ReadOnlyMemoryContent JsonContent(ReadOnlyMemory<byte> json) =>
        new(json) { Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) } };

    private TimeSpan? RetryAfterOf(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date ? TimeSpan.FromTicks(Math.Max(0, (date - clock.GetUtcNow()).Ticks)) : null);
}
