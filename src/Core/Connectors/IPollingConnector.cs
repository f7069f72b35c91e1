using System.Collections.Immutable;

namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose messages can be fetched, where they are not posted to us.</summary>
/// <remarks>
/// What is fetched is stored as if it had been posted, and only then is the next batch asked for: with the cursor that came with the stored one, which tells the provider
/// that it may forget it. Nobody polls for one account twice at once, as far as we can know.
/// </remarks>
public interface IPollingConnector : IConnector
{
    /// <summary>Whether this account's messages are to be fetched. Pure.</summary>
    bool IsPolled(Connection connection);

    /// <summary>The longest that one call waits for something to come. The call itself may take a little longer.</summary>
    TimeSpan LongestWait { get; }

    /// <summary>Waits for what comes behind the cursor. Failures are outcomes; throws only <see cref="OperationCanceledException"/>, and may be cancelled at any time: what was not confirmed comes again.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="cursor">Came with the last batch that was stored; null for the beginning. Everything before it is forgotten by the provider. It may come from before the settings changed: where it is one account's only, it must say whose.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<PollOutcome> PollAsync(Connection connection, string? cursor, CancellationToken cancellationToken);
}

/// <summary>What one call brought. The family is closed.</summary>
public abstract record PollOutcome
{
    private PollOutcome()
    {
    }

    /// <summary>What came, in order, each as a webhook would bring it; nothing where nothing came in time.</summary>
    /// <param name="Bodies">The raw bodies.</param>
    /// <param name="Cursor">Where to go on once they are stored.</param>
    public sealed record Fetched(ImmutableArray<ReadOnlyMemory<byte>> Bodies, string? Cursor) : PollOutcome;

    /// <summary>Nothing is wrong with the account: try again after this long.</summary>
    public sealed record TryLater(TimeSpan After, string Code, string Reason) : PollOutcome;

    /// <summary>Nothing will come until something is mended.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">What is wrong, in the tenant's words, without secrets.</param>
    /// <param name="NextStep">What to do.</param>
    /// <param name="MayPass">It may also be over in a moment: then it counts only when it is said again and again.</param>
    public sealed record Broken(string Code, string Reason, string NextStep, bool MayPass = false) : PollOutcome;
}
