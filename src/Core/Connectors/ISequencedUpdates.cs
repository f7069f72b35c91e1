using Channels.Core.Events;

namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider counts what it posts: a number that never comes is an update that never came.</summary>
public interface ISequencedUpdates : IConnector
{
    /// <summary>The provider's number of the update that brought this; null for none. Pure.</summary>
    long? NumberOf(ChannelEvent happened);
}
