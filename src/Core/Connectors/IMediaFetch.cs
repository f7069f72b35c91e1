using Channels.Core.Events;

namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose messages only name their files: the bytes are fetched from the provider in a step of its own.</summary>
public interface IMediaFetch : IConnector
{
    /// <summary>Whether a file of this kind's events has to be fetched, and can be. Pure.</summary>
    bool MustFetch(MediaReference media);

    /// <summary>How long the provider may take before a file's first byte comes. Most connectors ask first where it lies: two calls.</summary>
    TimeSpan FirstByteWithin => TimeSpan.FromSeconds(30);

    /// <summary>Fetches a file. Failures are outcomes; throws only <see cref="OperationCanceledException"/> and what <paramref name="destination"/> throws.</summary>
    /// <param name="connection">Whose message it came with.</param>
    /// <param name="media">The file as its event named it.</param>
    /// <param name="destination">Where the bytes go; what was written before a failure is thrown away. Refuses to grow beyond what the product keeps, by throwing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken);
}

/// <summary>What became of one attempt to fetch a file. The family is closed.</summary>
public abstract record MediaFetchOutcome
{
    private MediaFetchOutcome()
    {
    }

    /// <summary>It is here.</summary>
    /// <param name="Mime">Media type, where the provider says more than the event did.</param>
    /// <param name="FileName">Likewise its name.</param>
    public sealed record Fetched(string? Mime = null, string? FileName = null) : MediaFetchOutcome;

    /// <summary>The provider does not have it any more, or will never give it.</summary>
    public sealed record Gone(string Reason) : MediaFetchOutcome;

    /// <summary>Try again after this long.</summary>
    public sealed record TryLater(TimeSpan After, string Reason) : MediaFetchOutcome;
}
