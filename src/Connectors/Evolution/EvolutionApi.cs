using Channels.Connectors.Http;

namespace Channels.Connectors.Evolution;

/// <summary>Makes one call to a gateway and says what happened. No retries here: what may be repeated is decided where it is known.</summary>
internal sealed class EvolutionApi(GatewayHttp http)
{
    public const string KeyHeader = "apikey";

    /// <summary>Throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> is the cause.</summary>
    public async Task<EvolutionAnswer> CallAsync(
        EvolutionSettings settings, HttpMethod method, Uri address, ReadOnlyMemory<byte>? body, TimeSpan limit, CancellationToken cancellationToken) =>
        await http.CallAsync(method, address, [(KeyHeader, settings.ApiKey)], body, limit, cancellationToken) switch
        {
            GatewayReply.Answered answered => EvolutionAnswer.Of(answered.Status, answered.Body, answered.RetryAfter),
            GatewayReply.Silence silence => EvolutionAnswer.None(silence.Trouble, silence.NeverLeft, silence.IsTooLarge),
            var other => throw new InvalidOperationException($"A reply nobody knows: {other.GetType().Name}"),
        };
}
