using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using Channels.Core.Egress;

namespace Channels.Connectors.Http;

/// <summary>Makes one call to a provider and says what happened. No retries here: what may be repeated is decided where it is known.</summary>
internal sealed class GatewayHttp(IHttpClientFactory http, TimeProvider clock)
{
    // Of an error in the place of a file.
    private const int LongestWords = 16 << 10;

    /// <summary>Throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> is the cause.</summary>
    public async Task<GatewayReply> CallAsync(
        HttpMethod method, Uri address, ImmutableArray<(string Name, string Value)> headers, ReadOnlyMemory<byte>? json, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address) { Content = ContentOf(json) };
        return await CallAsync(request, headers, HttpCompletionOption.ResponseContentRead, ReadAsync, limit, cancellationToken);
    }

    /// <summary>Fetches a file; its bytes go to <paramref name="destination"/>, whose exceptions pass unless they are those of a broken connection or a damaged answer. Of any other answer to a post the first bytes are read.</summary>
    /// <param name="address">Where it lies, or who is asked for it.</param>
    /// <param name="headers">Besides the usual ones.</param>
    /// <param name="destination">Where a successful answer's body goes.</param>
    /// <param name="limit">For all of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="json">What is posted; null to get.</param>
    public async Task<GatewayReply> DownloadAsync(
        Uri address, ImmutableArray<(string Name, string Value)> headers, Stream destination, TimeSpan limit, CancellationToken cancellationToken, ReadOnlyMemory<byte>? json = null)
    {
        using var request = new HttpRequestMessage(json is null ? HttpMethod.Get : HttpMethod.Post, address) { Content = ContentOf(json) };
        return await CallAsync(request, headers, HttpCompletionOption.ResponseHeadersRead, CopyAsync, limit, cancellationToken);

        async Task<byte[]> CopyAsync(HttpResponseMessage response, CancellationToken token)
        {
            if (response.IsSuccessStatusCode)
            {
                await response.Content.CopyToAsync(destination, token);
                return [];
            }

            if (json is null)
            {
                return [];
            }

            await using var said = await response.Content.ReadAsStreamAsync(token);
            var words = new byte[LongestWords];
            return words[..await said.ReadAtLeastAsync(words, words.Length, throwOnEndOfStream: false, token)];
        }
    }

    private static WatchedContent? ContentOf(ReadOnlyMemory<byte>? json) => json is { } body
        ? new WatchedContent(new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) } })
        : null;

    private static Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) => response.Content.ReadAsByteArrayAsync(cancellationToken);

    private async Task<GatewayReply> CallAsync(
        HttpRequestMessage request, ImmutableArray<(string Name, string Value)> headers, HttpCompletionOption until, Func<HttpResponseMessage, CancellationToken, Task<byte[]>> readAsync,
        TimeSpan limit, CancellationToken cancellationToken)
    {
        using var limited = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var client = http.CreateClient(ProviderHttp.ClientName);
            using var response = await client.SendAsync(request, until, either.Token);
            var content = await readAsync(response, either.Token);
            return new GatewayReply.Answered(response.StatusCode, content, RetryAfterOf(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException cancelled)
        {
            // Either limit may end first, ours or the connection's own. What was not asked for its body has sent nothing.
            return request.Content is WatchedContent { WasAskedFor: false } ? new GatewayReply.Silence(NetworkTrouble.NoConnection, NeverLeft: true)
                : limited.IsCancellationRequested ? new GatewayReply.Silence($"no answer within {limit.TotalSeconds:0.#} s", NeverLeft: false)
                : new GatewayReply.Silence(NetworkTrouble.NoConnection, NeverLeft: cancelled.InnerException is TimeoutException);
        }
        catch (HttpRequestException failed) when (failed.InnerException is EgressRefusedException refused)
        {
            return new GatewayReply.Silence(refused.Message, NeverLeft: true);
        }
        catch (HttpRequestException failed)
        {
            return new GatewayReply.Silence(NetworkTrouble.Of(failed.HttpRequestError, "the gateway"), NetworkTrouble.NeverLeft(failed.HttpRequestError))
            {
                IsTooLarge = NetworkTrouble.IsTooLarge(failed.HttpRequestError),
            };
        }
        catch (IOException)
        {
            return new GatewayReply.Silence(NetworkTrouble.BrokenOff, NeverLeft: false);
        }
        catch (Exception damaged) when (NetworkTrouble.IsDamaged(damaged))
        {
            return new GatewayReply.Silence(NetworkTrouble.Damaged, NeverLeft: false);
        }
    }

    private TimeSpan? RetryAfterOf(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date ? TimeSpan.FromTicks(Math.Max(0, (date - clock.GetUtcNow()).Ticks)) : null);
}

/// <summary>What came of one call. The family is closed.</summary>
internal abstract record GatewayReply
{
    private GatewayReply()
    {
    }

    /// <summary>An answer, good or bad.</summary>
    /// <param name="Status">Its status.</param>
    /// <param name="Body">Its raw bytes.</param>
    /// <param name="RetryAfter">How long the gateway asks us to wait.</param>
    public sealed record Answered(HttpStatusCode Status, ReadOnlyMemory<byte> Body, TimeSpan? RetryAfter) : GatewayReply;

    /// <summary>No answer.</summary>
    /// <param name="Trouble">Why, in our words.</param>
    /// <param name="NeverLeft">Whether the request certainly never reached the gateway.</param>
    public sealed record Silence(string Trouble, bool NeverLeft) : GatewayReply
    {
        /// <summary>There was an answer, larger than we take.</summary>
        public bool IsTooLarge { get; init; }
    }
}
