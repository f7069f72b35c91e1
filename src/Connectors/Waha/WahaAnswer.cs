using System.Net;
using System.Text.Json;
using Channels.Connectors.Http;
using Channels.Connectors.Json;

namespace Channels.Connectors.Waha;

/// <summary>What came back from one call to a server, or what kept it from coming. Dispose it: it holds the answer's JSON.</summary>
internal sealed class WahaAnswer : IDisposable
{
    private readonly JsonDocument? _document;

    private WahaAnswer(JsonDocument? document) => _document = document;

    /// <summary>The status, or null when there was no answer.</summary>
    public HttpStatusCode? Status { get; private init; }

    /// <summary>Without an answer: whether the request certainly never reached the server.</summary>
    public bool NeverLeft { get; private init; }

    /// <summary>Without an answer: why, in our words.</summary>
    public string Trouble { get; private init; } = "";

    /// <summary>Without an answer that we took: whether there was one, larger than we take.</summary>
    public bool IsTooLarge { get; private init; }

    /// <summary>How long the server asks us to wait.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>The server's words about an error.</summary>
    public string Words { get; private init; } = "";

    /// <summary>The answer's JSON; undefined when it was none. Old builds answer some calls with a bare text, and newer ones with nothing.</summary>
    public JsonElement Body => _document?.RootElement ?? default;

    public bool IsSuccess => Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices;

    public static WahaAnswer Of(GatewayReply reply) => reply switch
    {
        GatewayReply.Answered answered => Of(answered.Status, answered.Body, answered.RetryAfter),
        GatewayReply.Silence silence => new(null) { Trouble = silence.Trouble, NeverLeft = silence.NeverLeft, IsTooLarge = silence.IsTooLarge },
        _ => throw new InvalidOperationException($"A reply nobody knows: {reply.GetType().Name}"),
    };

    public static WahaAnswer Of(HttpStatusCode status, ReadOnlyMemory<byte> body, TimeSpan? retryAfter)
    {
        var document = JsonBody.TryRead(body, out _);
        return new(document) { Status = status, RetryAfter = retryAfter, Words = WahaErrors.WordsOf(document?.RootElement ?? default) };
    }

    public void Dispose() => _document?.Dispose();
}
