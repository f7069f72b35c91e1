using Channels.Connectors.Http;

namespace Channels.Connectors.Waha;

/// <summary>Makes one call to a server with the account's credentials.</summary>
internal sealed class WahaApi(GatewayHttp http)
{
    /// <summary>Throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> is the cause.</summary>
    public async Task<WahaAnswer> CallAsync(
        WahaSettings settings, HttpMethod method, Uri address, ReadOnlyMemory<byte>? body, TimeSpan limit, CancellationToken cancellationToken) =>
        WahaAnswer.Of(await http.CallAsync(method, address, settings.Headers, body, limit, cancellationToken));
}
