using System.Collections.Immutable;

namespace Channels.Core.Events;

/// <summary>What a kind's parser made of one webhook body.</summary>
public abstract record Normalised
{
    private Normalised()
    {
    }

    /// <summary>Zero or more events, in the body's order. One bad item in a batch is left out of it as an <see cref="EventKinds.Ignored"/> or unsupported event, never as a failure of the rest.</summary>
    public sealed record Events(ImmutableArray<ChannelEvent> Items) : Normalised;

    /// <summary>The body cannot be read. It is parked with this reason and can be replayed.</summary>
    /// <remarks><c>Number</c> is the provider's own of the update, where it counts them and this much could be read.</remarks>
    public sealed record Unreadable(string Reason, long? Number = null) : Normalised;
}
