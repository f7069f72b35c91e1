using Channels.Core.Channels;
using Channels.Core.Connectors;

namespace Channels.Grains.Delivery;

/// <summary>How fast an account may send: at its kind's rate, and at half of it while its provider wants less.</summary>
/// <remarks>In memory: until when it is slowed stands in the account's row, and holds over a restart.</remarks>
internal sealed class AccountPace(TimeProvider clock)
{
    /// <summary>Messages a second of a slowed account whose kind gives no rate to halve: slow enough to be less than any kind sends, fast enough for a conversation.</summary>
    private const double SlowedWithoutRate = 1;

    private TokenBucket? _bucket;
    private double? _rate;

    /// <summary>Takes leave to send one message, or says how long until there is one.</summary>
    public TimeSpan Take(IConnector connector, AccountThrottle throttle) => BucketOf(connector, throttle)?.Take() ?? TimeSpan.Zero;

    /// <summary>How long until there is leave to send one; zero when there is. Takes none.</summary>
    public TimeSpan WaitFor(IConnector connector, AccountThrottle throttle) => BucketOf(connector, throttle)?.Wait() ?? TimeSpan.Zero;

    // Null for a kind that has no rate and is not slowed.
    private TokenBucket? BucketOf(IConnector connector, AccountThrottle throttle)
    {
        var isSlowed = throttle.SlowedUntil > clock.GetUtcNow();
        if (RateOf(connector.Manifest.Limits.MessagesPerSecond, isSlowed) is not { } rate)
        {
            return null;
        }

        if (_bucket is null || _rate != rate)
        {
            // Slowed: without a burst, which is what the provider complained about.
            _bucket = new TokenBucket(rate, clock, isSlowed ? 1 : null);
            _rate = rate;
        }

        return _bucket;
    }

    private static double? RateOf(double? ordinary, bool slowed) => slowed ? ordinary / 2 ?? SlowedWithoutRate : ordinary;
}
