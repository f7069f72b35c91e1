namespace Channels.Agents.OpenAi;

/// <summary>Reads a whole answer before anybody else does, and no more of it than a reply can be.</summary>
/// <remarks>The client library buffers what it is given without bounds, and the service on the other side is anybody's. Decompressed bytes count.</remarks>
internal sealed class OpenAiAnswerLimit : DelegatingHandler
{
    // A reply may be escaped six to one in JSON, and stands beside its reasoning and its costs.
    private const long LongestAnswer = 16 * OpenAiAgent.LongestReply;

    /// <summary>Throws <see cref="HttpRequestException"/> with <see cref="HttpRequestError.ConfigurationLimitExceeded"/> when there is more.</summary>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            await response.Content.LoadIntoBufferAsync(LongestAnswer, cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
