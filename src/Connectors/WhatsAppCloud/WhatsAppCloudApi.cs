using System.Net.Http.Headers;
using System.Net.Mime;
using Channels.Core.Egress;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Makes one call to the Graph API and says what happened. No retries here: what may be repeated is decided where it is known.</summary>
internal sealed class WhatsAppCloudApi(IHttpClientFactory http, TimeProvider clock)
{
    /// <summary>Throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> is the cause.</summary>
    public async Task<WhatsAppCloudAnswer> CallAsync(
        WhatsAppCloudSettings settings, HttpMethod method, Uri address, ReadOnlyMemory<byte>? body, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var limited = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {settings.AccessToken}");
        if (body is { } json)
        {
            request.Content = new ReadOnlyMemoryContent(json);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json);
        }

        try
        {
            using var client = http.CreateClient(ProviderHttp.ClientName);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            var content = await response.Content.ReadAsByteArrayAsync(either.Token);
            return WhatsAppCloudAnswer.Of(response.StatusCode, content, RetryAfterOf(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException cancelled)
        {
            // The connection's own time limit ends before ours; then not one byte of the request has left.
            return limited.IsCancellationRequested
                ? WhatsAppCloudAnswer.None($"no answer within {limit.TotalSeconds:0.#} s", neverLeft: false)
                : WhatsAppCloudAnswer.None("no connection within the time limit", neverLeft: cancelled.InnerException is TimeoutException);
        }
        catch (HttpRequestException failed) when (failed.InnerException is EgressRefusedException refused)
        {
            return WhatsAppCloudAnswer.None(refused.Message, neverLeft: true);
        }
        catch (HttpRequestException failed)
        {
            return WhatsAppCloudAnswer.None(WhatsAppCloudErrors.TroubleOf(failed.HttpRequestError), WhatsAppCloudErrors.NeverLeft(failed.HttpRequestError));
        }
        catch (IOException)
        {
            return WhatsAppCloudAnswer.None("the connection broke off", neverLeft: false);
        }
    }

    private TimeSpan? RetryAfterOf(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date ? TimeSpan.FromTicks(Math.Max(0, (date - clock.GetUtcNow()).Ticks)) : null);
}
