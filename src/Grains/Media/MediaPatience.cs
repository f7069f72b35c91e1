using Channels.Core.Connectors;
using Channels.Core.Media;

namespace Channels.Grains.Media;

/// <summary>What follows from an attempt to fetch a file. Pure.</summary>
internal static class MediaPatience
{
    /// <summary>How long a provider is asked for a file, from when its message came. Meta keeps files for seven days, the gateways for minutes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private static readonly TimeSpan _first = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _longestWait = TimeSpan.FromHours(1);

    /// <summary>Of an old file as well: it may have waited for our own sake.</summary>
    private const int FewestAttempts = 3;

    /// <summary>How long to wait where the fault is ours: there is no room for the file. That is no attempt, and it is not given up for it, however long it takes; and once there is room the provider must not have forgotten it.</summary>
    public static TimeSpan OfOurs { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Null to try again after the second; else why the file is given up.</summary>
    /// <param name="fetch">Which.</param>
    /// <param name="later">What the provider said.</param>
    /// <param name="age">Since its message came.</param>
    public static (MediaSettlement? GivenUp, TimeSpan Wait) After(MediaFetch fetch, MediaFetchOutcome.TryLater later, TimeSpan age)
    {
        if (age > Longest && fetch.Attempts + 1 >= FewestAttempts)
        {
            return (new MediaSettlement(null, null, null, null, $"not to be had in {Longest.TotalHours:0} hours: {later.Reason}"), TimeSpan.Zero);
        }

        var doubling = _first * Math.Pow(2, Math.Min(fetch.Attempts, 12));
        var wait = doubling < _longestWait ? doubling : _longestWait;

        // Whatever a gateway asks for: a wait that is longer than any of ours could not be told from one that a wrong clock wrote.
        var wish = later.After < _longestWait ? later.After : _longestWait;
        return (null, wish > wait ? wish : wait);
    }

}
