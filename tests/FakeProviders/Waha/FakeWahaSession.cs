using System.Text.Json;

namespace Channels.FakeProviders.Waha;

/// <summary>One session on the fake server.</summary>
public sealed class FakeWahaSession(string name)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary><c>STOPPED, STARTING, SCAN_QR_CODE, WORKING, FAILED</c>…</summary>
    public string Status { get; set; } = "STOPPED";

    /// <summary>The paired phone in digits; null when none is.</summary>
    public string? Number { get; set; }

    /// <summary>Its configuration, as it was last given.</summary>
    public JsonElement Config { get; set; } = JsonSerializer.SerializeToElement(new { });

    /// <summary>The code to scan; null when none is out.</summary>
    public string? Code { get; internal set; }

    /// <summary>How many codes were given since it last started.</summary>
    public int Codes { get; set; }

    /// <summary>How often a code to type was asked for.</summary>
    public int TypedCodes { get; internal set; }

    /// <summary>How often its engine was started.</summary>
    public int Starts { get; internal set; }

    /// <summary>Whether it fails whenever it starts.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Its webhooks.</summary>
    public IReadOnlyList<JsonElement> Webhooks =>
        Config.TryGetProperty("webhooks", out var webhooks) && webhooks.ValueKind == JsonValueKind.Array ? [.. webhooks.EnumerateArray()] : [];
}

/// <summary>A message in the fake server's store.</summary>
/// <param name="Session">By which session.</param>
/// <param name="ChatId">The chat, as it was addressed.</param>
/// <param name="FromMe">Whether our side wrote it.</param>
/// <param name="Id">WhatsApp's id.</param>
/// <param name="Text">What.</param>
/// <param name="ReplyTo">The whole id of the message it answers.</param>
/// <param name="At">When.</param>
public sealed record FakeWahaMessage(string Session, string ChatId, bool FromMe, string Id, string Text, string? ReplyTo, DateTimeOffset At)
{
    /// <summary>The call it was sent by.</summary>
    public string? Call { get; init; }

    /// <summary>That call's body.</summary>
    public JsonElement Body { get; init; }
}

/// <summary>How the fake treats a send. The default takes it and answers 201.</summary>
public sealed record FakeWahaBehaviour
{
    /// <summary>Answers this status instead of sending.</summary>
    public int? FailStatus { get; init; }

    /// <summary>The body beside <see cref="FailStatus"/>.</summary>
    public string FailBody { get; init; } = "{}";

    /// <summary>Takes the message and then resets the connection.</summary>
    public bool AcceptThenReset { get; init; }

    /// <summary>Takes the message and then never answers.</summary>
    public bool AcceptThenHang { get; init; }

    /// <summary>Posts <c>message.any</c> for it before it answers.</summary>
    public bool Echo { get; init; }
}
