namespace Channels.FakeProviders.Evolution;

/// <summary>When the fake posts <c>send.message</c> for a send, seen from the HTTP answer to it.</summary>
public enum FakeEcho
{
    /// <summary>Never.</summary>
    None = 0,

    /// <summary>The webhook has been posted before the answer is written.</summary>
    BeforeAnswer,

    /// <summary>The webhook is posted once the answer is out.</summary>
    AfterAnswer,
}

/// <summary>How the fake treats a send. The default takes it and answers 201.</summary>
public sealed record FakeBehaviour
{
    /// <summary>Waits this long before doing anything.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Goes on after that wait also when the caller has hung up: takes the message, and tells nobody.</summary>
    public bool TakesAbandoned { get; init; }

    /// <summary>Answers this status instead of sending.</summary>
    public int? FailStatus { get; init; }

    /// <summary>The body beside <see cref="FailStatus"/>; Evolution's own error shape when absent.</summary>
    public string? FailBody { get; init; }

    /// <summary>The Retry-After beside <see cref="FailStatus"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Takes the message and then never answers.</summary>
    public bool AcceptThenHang { get; init; }

    /// <summary>Takes the message and then resets the connection.</summary>
    public bool AcceptThenReset { get; init; }

    /// <summary>Resets the connection without taking the message.</summary>
    public bool Reset { get; init; }

    /// <summary>Whether and when the echo webhook comes.</summary>
    public FakeEcho Echo { get; init; }

    /// <summary>The echo webhook comes so long after the message was taken, whatever has become of the call; null for as <see cref="Echo"/> says.</summary>
    public TimeSpan? EchoesLater { get; init; }

    /// <summary>What happens between taking the message and answering: whatever a gateway may say about it before it says that it took it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public Func<FakeSend, Task>? BeforeAnswer { get; init; }

    /// <summary>More sends than this in one second are answered 429 with Retry-After 1.</summary>
    public int? SendsPerSecond { get; init; }
}
