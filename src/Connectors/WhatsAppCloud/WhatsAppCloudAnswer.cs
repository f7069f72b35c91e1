using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>What came back from one call to the Graph API, or what kept it from coming. Dispose it: it holds the answer's JSON.</summary>
internal sealed class WhatsAppCloudAnswer : IDisposable
{
    private readonly JsonDocument? _document;

    private WhatsAppCloudAnswer(JsonDocument? document) => _document = document;

    /// <summary>The status, or null when there was no answer.</summary>
    public HttpStatusCode? Status { get; private init; }

    /// <summary>Without an answer: whether the request certainly never reached Meta.</summary>
    public bool NeverLeft { get; private init; }

    /// <summary>Without an answer: why, in our words.</summary>
    public string Trouble { get; private init; } = "";

    /// <summary>How long Meta asks us to wait.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>How much of what Meta allows for calls is spent.</summary>
    public WhatsAppCloudUsage Usage { get; private init; }

    /// <summary>How long nothing is taken from the account: what Meta asks for, or longer where its budget of calls is spent for longer.</summary>
    public TimeSpan? Wait => Usage.BlockedFor is { } blocked && (RetryAfter is null || blocked > RetryAfter) ? blocked : RetryAfter;

    /// <summary>Whether Meta says what is wrong, and not a proxy or somebody else's page.</summary>
    public bool IsMetasError => Body.Member("error").IsObject();

    /// <summary>Meta's error; without a code where there was none.</summary>
    public WhatsAppCloudError Error { get; private init; }

    /// <summary>The answer's JSON; undefined when it was none.</summary>
    public JsonElement Body => _document?.RootElement ?? default;

    /// <summary>A success by its status and by its body.</summary>
    public bool IsSuccess => Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices && !Body.Member("error").IsObject();

    /// <summary>The id of a message that was taken.</summary>
    public string? MessageId => WhatsAppCloudValues.Items(Body.Member("messages")).FirstOrDefault().Id("id");

    /// <summary>Meta's words about its error.</summary>
    public string Said => Error.Details ?? Error.Title ?? "no words";

    public static WhatsAppCloudAnswer Of(HttpStatusCode status, ReadOnlyMemory<byte> body, TimeSpan? retryAfter, WhatsAppCloudUsage usage = default)
    {
        var document = JsonBody.TryRead(body, out _);
        return new(document) { Status = status, RetryAfter = retryAfter, Usage = usage, Error = WhatsAppCloudError.Read((document?.RootElement ?? default).Member("error")) };
    }

    public static WhatsAppCloudAnswer None(string trouble, bool neverLeft) => new(null) { Trouble = trouble, NeverLeft = neverLeft };

    public void Dispose() => _document?.Dispose();
}
