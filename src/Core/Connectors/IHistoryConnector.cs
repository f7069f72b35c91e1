using System.Collections.Immutable;

namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider can be asked for what was said before it was connected to us.</summary>
public interface IHistoryConnector : IConnector
{
    /// <summary>Reads the next page, newest first as far as the provider sorts. Changes nothing there. Throws only <see cref="OperationCanceledException"/>.</summary>
    /// <param name="connection">Whose history.</param>
    /// <param name="cursor">Where the page before ended, in the connector's own words; null for the first.</param>
    /// <param name="most">Messages wanted at the most, from 1.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<HistoryOutcome> ReadHistoryAsync(Connection connection, string? cursor, int most, CancellationToken cancellationToken);
}

/// <summary>What became of reading a page of history. The family is closed.</summary>
public abstract record HistoryOutcome
{
    private HistoryOutcome()
    {
    }

    /// <summary>A page.</summary>
    /// <param name="Bodies">As the kind's own parser reads webhooks: every message in them becomes <c>history.message</c>. Empty for a page without messages.</param>
    /// <param name="Messages">How many messages they hold.</param>
    /// <param name="Cursor">Where to go on; null when there is nothing more.</param>
    public sealed record Page(ImmutableArray<ReadOnlyMemory<byte>> Bodies, int Messages, string? Cursor) : HistoryOutcome;

    /// <summary>Try again after this long.</summary>
    public sealed record TryLater(TimeSpan After, string Reason) : HistoryOutcome;

    /// <summary>The provider will not give it until something is mended.</summary>
    /// <param name="Reason">What, without secrets.</param>
    /// <param name="NextStep">What to do.</param>
    public sealed record Refused(string Reason, string NextStep) : HistoryOutcome;
}
