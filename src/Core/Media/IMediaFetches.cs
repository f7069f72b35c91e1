using System.Collections.Immutable;
using Channels.Core.Events;
using Channels.Core.Ids;

namespace Channels.Core.Media;

/// <summary>Files that messages only name, and that are still to be fetched from their provider. A row is written with its message, and goes when the file is here or given up.</summary>
public interface IMediaFetches
{
    /// <summary>The account's fetches that are due, oldest first, at most <paramref name="limit"/>; and when the next one is, where none is.</summary>
    Task<(ImmutableArray<MediaFetch> Due, DateTimeOffset? Next)> LoadAsync(TenantId tenant, AccountId account, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Tries again later.</summary>
    Task PostponeAsync(TenantId tenant, AccountId account, MessageId message, DateTimeOffset until, string reason, bool attempted, CancellationToken cancellationToken);

    /// <summary>Records what became of it, on the message and as an event. Safe to repeat. Answers the conversation in which the message is still to be answered and waits for it, if any.</summary>
    Task<ConversationId?> SettleAsync(TenantId tenant, AccountId account, MessageId message, MediaSettlement settlement, CancellationToken cancellationToken);
}

/// <summary>A file to be fetched.</summary>
/// <param name="Message">The message it came with; its id tells when.</param>
/// <param name="Media">As the event named it.</param>
/// <param name="Attempts">Attempts made.</param>
public sealed record MediaFetch(MessageId Message, MediaReference Media, int Attempts)
{
    /// <summary>No attempt is ever put off for longer. What is dated later was dated by a clock that has been set back since, and is due.</summary>
    public static readonly TimeSpan FurthestAttempt = TimeSpan.FromMinutes(90);
}

/// <summary>What became of a file.</summary>
/// <param name="Reference">Its reference in the media store; null when it was given up.</param>
/// <param name="Mime">Media type, where more was learned.</param>
/// <param name="FileName">Likewise its name.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Reason">Why it was given up; null when it was not.</param>
public sealed record MediaSettlement(string? Reference, string? Mime, string? FileName, long? Bytes, string? Reason);
