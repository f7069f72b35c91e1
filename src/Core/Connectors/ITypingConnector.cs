namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider can show a contact that somebody is typing.</summary>
public interface ITypingConnector : IConnector
{
    /// <summary>Shows it for about <paramref name="duration"/>. May return at once or when that is over; may be cancelled at any time.</summary>
    /// <remarks>A courtesy: what the provider says to it is nobody's concern. Throws only <see cref="OperationCanceledException"/>.</remarks>
    Task ShowTypingAsync(Connection connection, string chatId, TimeSpan duration, CancellationToken cancellationToken);
}
