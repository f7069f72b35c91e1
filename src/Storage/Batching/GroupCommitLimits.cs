namespace Channels.Storage.Batching;

/// <summary>How much a <see cref="GroupCommit{TItem}"/> takes at once.</summary>
/// <param name="Workers">Most transactions under way at once.</param>
/// <param name="Enough">So many waiting items begin a further transaction while one is under way.</param>
/// <param name="Items">Most items in one transaction.</param>
/// <param name="Bytes">Bytes after which a transaction takes no more.</param>
/// <param name="Queue">Most items waiting.</param>
internal sealed record GroupCommitLimits(int Workers, int Enough, int Items, long Bytes, int Queue)
{
    /// <summary>
    /// Transactions that overlap are to be of one size: beside one that took more than <see cref="Enough"/>, a further one begins only when as many wait, or this many.
    /// Each has its price, whatever is in it. As <see cref="Enough"/> unless set, and never less.
    /// </summary>
    public int EvenUpTo { get => Math.Max(field, Enough); init; }

    /// <summary>When the last transaction began so long ago it may hang: however few wait, they begin a further one.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>By when everybody has an answer, also while transactions hang: then that nobody knows. As long as it takes unless set.</summary>
    public TimeSpan? AnswerWithin { get; init; }

    /// <summary>So long after the last transaction with several tenants' items the queue counts as shared, also while one tenant's are in it.</summary>
    public TimeSpan SharedFor { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether transactions beside one under way are for those whose items are prompt, however much waits of others. Must not throw.</summary>
    public Func<bool> KeepsOne { get; init; } = static () => false;

    /// <summary>Bytes of one tenant after which a transaction takes no more of it while several tenants bring something. No limit unless set. Must not throw.</summary>
    public Func<long> Helping { get; init; } = static () => long.MaxValue;
}
