namespace Channels.FakeProviders.Telegram;

/// <summary>What the fake Bot API server is like.</summary>
public sealed record FakeTelegramOptions
{
    /// <summary>The port on 127.0.0.1; zero for any free one.</summary>
    public int Port { get; init; }

    /// <summary>The first wait after a webhook failed twice; it doubles from there. The real one waits two seconds.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the server keeps an update that nobody takes. The real one: a day after the message.</summary>
    public TimeSpan UpdateLife { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long it keeps the press of a button, and other queries.</summary>
    public TimeSpan QueryLife { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>How long it goes on with a webhook that answers 410 before it removes it.</summary>
    public TimeSpan GoneLimit { get; init; } = TimeSpan.FromHours(23);

    /// <summary>Sends to one chat in a second before it says 429; null for any number.</summary>
    public int? SendsPerSecondToAChat { get; init; }

    /// <summary>Whether it takes only https addresses at Telegram's four ports, as the real one does.</summary>
    public bool WantsHttps { get; init; }

    /// <summary>The clock of its timestamps.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>How the fake treats a send. The default takes it.</summary>
public sealed record FakeBotBehaviour
{
    /// <summary>Answers this error instead of sending.</summary>
    public int? FailStatus { get; init; }

    /// <summary>Its words.</summary>
    public string FailDescription { get; init; } = "Internal Server Error: scripted failure";

    /// <summary>The <c>retry_after</c> beside it, in seconds.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Answers the failure as a proxy's page, not as the Bot API.</summary>
    public bool AsPage { get; init; }

    /// <summary>Takes the message and then never answers.</summary>
    public bool AcceptThenHang { get; init; }

    /// <summary>Takes the message and then resets the connection.</summary>
    public bool AcceptThenReset { get; init; }

    /// <summary>Resets the connection without taking the message.</summary>
    public bool Reset { get; init; }
}

/// <summary>A message the bot sent.</summary>
/// <param name="Chat">To which chat.</param>
/// <param name="Id">Its number there.</param>
/// <param name="Text">What it said; the caption of a file.</param>
/// <param name="Method">How: <c>sendMessage, sendPhoto</c>…</param>
/// <param name="Arguments">Everything that was given, by name, as JSON.</param>
/// <param name="At">When.</param>
public sealed record FakeBotSend(long Chat, int Id, string Text, string Method, IReadOnlyDictionary<string, string> Arguments, DateTimeOffset At);
