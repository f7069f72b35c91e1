using System.Globalization;

namespace Channels.Connectors.Waha;

/// <summary>Where an import of history stands, as its cursor says it.</summary>
/// <remarks>
/// <c>all:100</c> is the hundredth message of all, <c>chats:3:100</c> that of the fourth chat. Behind it stands, where there is something to say, the size of pages, and for chats
/// the round and what it needs to know: <c>all:100:50</c>, <c>chats:3:100:0:1:0:1772000000</c>. Cursors without it were written by versions that read one round.
/// </remarks>
/// <param name="Chat">Which chat, where they are read one by one.</param>
/// <param name="Offset">How many of its messages were read.</param>
internal sealed record WahaHistoryPlace(long? Chat, long Offset)
{
    /// <summary>A busy number's chats move all the time. What moves in the fifth round as well has long since been coming in by webhook.</summary>
    private const int MostRounds = 5;

    /// <summary>How many messages are asked for at once where a full page is too large; 0 for a full page.</summary>
    private long Size { get; init; }

    private long Round { get; init; } = 1;

    /// <summary>Only chats with newer messages are read in this round, in seconds since 1970; 0 in the first.</summary>
    private long Since { get; init; }

    /// <summary>The newest message there was when this round began; 0 where it is not known.</summary>
    private long Newest { get; init; }

    /// <summary>Where reading chat by chat begins.</summary>
    public static WahaHistoryPlace FirstChat { get; } = new(0, 0);

    /// <summary>The beginning when there is no cursor, or none of ours.</summary>
    public static WahaHistoryPlace Of(string? cursor) => cursor?.Split(':') switch
    {
        ["all", .. var numbers] => Numbers(numbers) switch
        {
            [var offset] => new(null, offset),
            [var offset, var size] => new(null, offset) { Size = size },
            _ => new(null, 0),
        },
        ["chats", .. var numbers] => Numbers(numbers) switch
        {
            [var chat, var offset] => new(chat, offset),
            [var chat, var offset, var size, var round, var since, var newest] => new(chat, offset) { Size = size, Round = round, Since = since, Newest = newest },
            _ => new(null, 0),
        },
        _ => new(null, 0),
    };

    /// <summary>How many messages to ask for, when <paramref name="most"/> are wanted.</summary>
    public int SizeOf(int most) => Size > 0 && Size < most ? (int)Size : most;

    /// <summary>The same, knowing when this chat's newest message was: the first chat's is the newest of all.</summary>
    public WahaHistoryPlace At(long newest) => this is { Chat: 0, Offset: 0 } ? this with { Newest = newest } : this;

    /// <summary>Whether this chat, and with it all behind it, has not moved since the round before began; what moved in the very second it began in may have been passed over.</summary>
    public bool IsPastWhatMoved(long newest) => Since > 0 && newest < Since;

    public WahaHistoryPlace After(int messages) => this with { Offset = Offset + messages };

    public WahaHistoryPlace Smaller(int size) => this with { Size = size / 2 };

    /// <summary>Full pages again: it is some chats whose messages are large.</summary>
    public WahaHistoryPlace NextChat() => this with { Chat = Chat + 1, Offset = 0, Size = 0 };

    /// <summary>Null when nothing can have moved, or enough is enough.</summary>
    public WahaHistoryPlace? NextRound() => Newest > Since && Round < MostRounds ? FirstChat with { Round = Round + 1, Since = Newest } : null;

    public override string ToString() => this switch
    {
        { Chat: { } chat } => string.Create(CultureInfo.InvariantCulture, $"chats:{chat}:{Offset}:{Size}:{Round}:{Since}:{Newest}"),
        { Size: > 0 } => string.Create(CultureInfo.InvariantCulture, $"all:{Offset}:{Size}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"all:{Offset}"),
    };

    // Empty when one of them is none, or so large that counting on would not be safe.
    private static long[] Numbers(string[] texts)
    {
        var numbers = texts.Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < long.MaxValue / 2 ? number : -1).ToArray();
        return numbers.Contains(-1) ? [] : numbers;
    }
}
