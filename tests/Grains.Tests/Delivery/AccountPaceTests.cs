using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Outbox;
using Channels.Grains.Delivery;
using Channels.Testing;

namespace Channels.Grains.Tests.Delivery;

public sealed class AccountPaceTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void An_account_sends_at_its_kinds_rate()
    {
        var pace = new AccountPace(_clock);

        Assert.Equal(20, Sent(pace, new Kind(20), AccountThrottle.None));
        Assert.Equal(TimeSpan.FromMilliseconds(50), pace.Take(new Kind(20), AccountThrottle.None));
    }

    [Fact]
    public void A_slowed_account_sends_half_as_fast_without_a_burst_and_recovers_by_itself()
    {
        var pace = new AccountPace(_clock);
        var slowed = AccountThrottle.None with { SlowedUntil = _clock.GetUtcNow().AddMinutes(1) };

        Assert.Equal(1, Sent(pace, new Kind(20), slowed));
        Assert.Equal(TimeSpan.FromMilliseconds(100), pace.Take(new Kind(20), slowed));

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(20, Sent(pace, new Kind(20), slowed));
    }

    [Fact]
    public void A_kind_without_a_rate_is_slowed_all_the_same()
    {
        var pace = new AccountPace(_clock);

        Assert.Equal(1, Sent(pace, new Kind(null), AccountThrottle.None with { SlowedUntil = _clock.GetUtcNow().AddMinutes(1) }));
        Assert.Equal(50, Sent(pace, new Kind(null), AccountThrottle.None));
    }

    [Fact]
    public void What_is_over_is_not_shown()
    {
        var now = _clock.GetUtcNow();

        Assert.Null(new AccountThrottle(now, "held", now.AddSeconds(-1), "slowed").At(now));
        Assert.Equal(new AccountThrottle(null, null, now.AddSeconds(1), "slowed"), new AccountThrottle(now, "held", now.AddSeconds(1), "slowed").At(now));
    }

    [Theory]
    [InlineData(false, "not tried")]
    [InlineData(true, "may have reached them")]
    public void A_reply_to_somebody_out_of_reach_fails_with_why_since_when_and_what_to_do(bool mayHaveLeft, string expected)
    {
        var refused = RetryPolicy.OutOfReach(new SendStart(true, new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero), "the contact has blocked this account"), mayHaveLeft);

        Assert.Equal("recipient-unreachable", refused.Code);
        Assert.StartsWith("the contact has blocked this account (since 2026-11-01T12:00:00Z)", refused.Reason, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Reason, StringComparison.Ordinal);
        Assert.Contains("Resume the conversation", refused.Reason, StringComparison.Ordinal);
    }

    private static int Sent(AccountPace pace, IConnector kind, AccountThrottle throttle)
    {
        var sent = 0;
        while (sent < 50 && pace.Take(kind, throttle) == TimeSpan.Zero)
        {
            sent++;
        }

        return sent;
    }

    private sealed class Kind(double? rate) : IConnector
    {
        public ChannelManifest Manifest { get; } =
            new("fake", "Fake", "1", "none", System.Text.Json.JsonSerializer.SerializeToElement(new { }), new ChannelLimits(1_000, rate, 1), TimeSpan.Zero);

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
