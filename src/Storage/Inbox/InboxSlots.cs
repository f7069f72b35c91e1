namespace Channels.Storage.Inbox;

/// <summary>The two halves of the table <c>inbox</c>. Webhooks go into one for a while, then into the other: the one that is left is drained, and cut to nothing.</summary>
/// <remarks>
/// By the clock, so that nobody has to agree on anything: a process whose clock is off writes into the other half, where its rows are found as well.
/// Cutting looks under a lock whether the half is empty (<c>Maintenance/InboxReclaiming</c>).
/// </remarks>
internal static class InboxSlots
{
    private const int Seconds = 20;

    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(3);

    /// <summary>The tables.</summary>
    public static IReadOnlyList<string> Tables { get; } = ["inbox_0", "inbox_1"];

    /// <summary>Which of them webhooks go into now.</summary>
    public static int At(DateTimeOffset now) => (int)(now.ToUnixTimeSeconds() / Seconds % Tables.Count);

    /// <summary>Those they do not go into, nor did a moment ago, nor will in a moment: clocks differ, and who asks has something to do with them.</summary>
    public static IReadOnlyList<string> LeftAt(DateTimeOffset now) => [.. Tables.Where((_, slot) => slot != At(now - Margin) && slot != At(now) && slot != At(now + Margin))];
}
