using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.Evolution;

/// <summary>What came back from one call to a gateway, or what kept it from coming. Dispose it: it holds the answer's JSON.</summary>
internal sealed class EvolutionAnswer : IDisposable
{
    private readonly JsonDocument? _document;

    private EvolutionAnswer(JsonDocument? document) => _document = document;

    /// <summary>The status, or null when there was no answer.</summary>
    public HttpStatusCode? Status { get; private init; }

    /// <summary>Without an answer: whether the request certainly never reached the gateway.</summary>
    public bool NeverLeft { get; private init; }

    /// <summary>Without an answer: why, in our words.</summary>
    public string Trouble { get; private init; } = "";

    /// <summary>Without an answer that we took: whether there was one, larger than we take.</summary>
    public bool IsTooLarge { get; private init; }

    /// <summary>How long the gateway asks us to wait.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>The gateway's words about an error, flattened: it nests them in up to two arrays.</summary>
    public string Words { get; private init; } = "";

    /// <summary>The answer's JSON; undefined when it was none.</summary>
    public JsonElement Body => _document?.RootElement ?? default;

    /// <summary>A success by its status and by its body: the gateway also says <c>200 {"error":true}</c>.</summary>
    public bool IsSuccess => Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices && Body.Flag("error") != true;

    public static EvolutionAnswer Of(HttpStatusCode status, ReadOnlyMemory<byte> body, TimeSpan? retryAfter)
    {
        var document = JsonBody.TryRead(body, out _);
        return new(document) { Status = status, RetryAfter = retryAfter, Words = EvolutionErrors.WordsOf(document?.RootElement ?? default) };
    }

    public static EvolutionAnswer None(string trouble, bool neverLeft, bool isTooLarge = false) => new(null) { Trouble = trouble, NeverLeft = neverLeft, IsTooLarge = isTooLarge };

    public void Dispose() => _document?.Dispose();
}
