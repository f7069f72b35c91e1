using Channels.Core.Events;

namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds that know how much less their provider wants when it says so in a webhook (<see cref="EventAction.ThrottleAccount"/>).</summary>
public interface IThrottlingConnector : IConnector
{
    /// <summary>What to do about it. Pure.</summary>
    ThrottleWish WishOf(ChannelEvent happened);
}

/// <summary>How a provider's wish for less is met, from the moment it was said.</summary>
/// <param name="For">For how long.</param>
/// <param name="Holds">Nothing is sent meanwhile; otherwise it is sent at half the pace.</param>
public readonly record struct ThrottleWish(TimeSpan For, bool Holds)
{
    /// <summary>For kinds that do not say: half the pace for ten minutes, after which the provider says it again if it must.</summary>
    public static ThrottleWish Default { get; } = new(TimeSpan.FromMinutes(10), Holds: false);
}
