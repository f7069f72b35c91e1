using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Orleans;

namespace Channels.Grains.Abstractions;

/// <summary>What a service says to a turn it took earlier.</summary>
/// <param name="Text">What to send; null for nothing, which only a hand-over may say.</param>
/// <param name="HandOver">Whether a person must answer from now on.</param>
/// <param name="Options">What the contact may choose from; empty for nothing.</param>
[GenerateSerializer, Immutable, Alias("LateReply")]
public sealed record LateReply([property: Id(0)] string? Text, [property: Id(1)] bool HandOver, [property: Id(2)] ImmutableArray<string> Options)
{
    /// <summary>Tells the same reply from another one.</summary>
    public byte[] Fingerprint() => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { Text, HandOver, Options = Options.AsEnumerable() }));
}

/// <summary>What became of a late reply.</summary>
public enum LateReplyVerdict
{
    /// <summary>It was taken: the turn ended with it.</summary>
    Accepted = 0,

    /// <summary>The time for it is over.</summary>
    Expired,

    /// <summary>A person answers the conversation instead: the turn ended without it.</summary>
    Overtaken,

    /// <summary>The turn does not wait for it: it ended before, or was never asked.</summary>
    NotOpen,
}
