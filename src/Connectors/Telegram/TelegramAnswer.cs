using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Text;

namespace Channels.Connectors.Telegram;

/// <summary>What came back from one call, or what kept it from coming. Dispose it: it holds the answer's JSON.</summary>
internal sealed class TelegramAnswer : IDisposable
{
    private readonly JsonDocument? _document;

    private TelegramAnswer(JsonDocument? document) => _document = document;

    /// <summary>
    /// The status, or null when there was no answer. Telegram's own <c>error_code</c> where it says no: the two are one, unless something in between has put another
    /// status on it.
    /// </summary>
    public HttpStatusCode? Status { get; private init; }

    /// <summary>Without an answer: whether the request certainly never arrived.</summary>
    public bool NeverLeft { get; private init; }

    /// <summary>Without an answer: why, in our words.</summary>
    public string Trouble { get; private init; } = "";

    /// <summary>Without an answer: it was larger than we take.</summary>
    public bool IsTooLarge { get; private init; }

    /// <summary>How long Telegram asks us to wait.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>Telegram's words about an error; empty when it said none.</summary>
    public string Description => Scrub.Clean(Body.Text("description") ?? "");

    /// <summary>What was asked for.</summary>
    public JsonElement Result => Body.Member("result");

    /// <summary>The supergroup that the chat has become.</summary>
    public string? MigratedTo => Body.Member("parameters").Id("migrate_to_chat_id");

    /// <summary>Whether a Bot API server said it, and not a proxy or somebody else's page.</summary>
    public bool IsBotApi => Body.Flag("ok") is not null;

    /// <summary>Yes, by its status and by its words.</summary>
    public bool IsSuccess => Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices && Body.Flag("ok") == true;

    private JsonElement Body => _document?.RootElement ?? default;

    public static TelegramAnswer Of(HttpStatusCode status, ReadOnlyMemory<byte> body, TimeSpan? retryAfter)
    {
        var document = JsonBody.TryRead(body, out _);
        var wish = document?.RootElement.Member("parameters").Number("retry_after") is >= 0 and < 1_000_000 and var seconds ? TimeSpan.FromSeconds(seconds) : retryAfter;
        var own = document?.RootElement is { } said && said.Flag("ok") == false && said.Number("error_code") is >= 400 and <= 599 and var code ? (HttpStatusCode)code : status;
        return new(document) { Status = own, RetryAfter = wish };
    }

    public static TelegramAnswer None(string trouble, bool neverLeft, bool isTooLarge = false) => new(null) { Trouble = trouble, NeverLeft = neverLeft, IsTooLarge = isTooLarge };

    public void Dispose() => _document?.Dispose();
}
