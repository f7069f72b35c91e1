namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider can show a contact that somebody is typing.</summary>
public interface ITypingConnector : IConnector
{
    /// <summary>Shows it for about <paramref name="duration"/>. May return at once or when that is over; may be cancelled at any time.</summary>
    /// <remarks>A courtesy: what the provider says to it is nobody's concern. Throws only <see cref="OperationCanceledException"/>.</remarks>
    Task ShowTypingAsync(Connection connection, string chatId, TimeSpan duration, CancellationToken cancellationToken);
}

/// <summary>Implemented by kinds whose provider shows it only as the beginning of an answer to a message.</summary>
public interface IReplyTypingConnector : IConnector
{
    /// <summary>Shows it until the answer comes, or the provider's own time is over; the message counts as read then.</summary>
    /// <param name="connection">By which account.</param>
    /// <param name="messageId">The provider's id of the message that is being answered.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <remarks>A courtesy: what the provider says to it is nobody's concern. Throws only <see cref="OperationCanceledException"/>.</remarks>
    Task ShowTypingAsync(Connection connection, string messageId, CancellationToken cancellationToken);
}
