using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Grains.Delivery;
using Channels.Testing;

namespace Channels.Grains.Tests.Delivery;

public sealed class ChatPacesTests
{
    private readonly ManualClock _clock = new();
    private readonly Paced _connector = new();

    [Fact]
    public void A_chat_that_has_had_its_share_keeps_no_other_waiting()
    {
        var paces = new ChatPaces(_clock);
        paces.Take(_connector, "slow");

        Assert.Equal(TimeSpan.FromSeconds(1), paces.WaitFor(_connector, "slow"));
        Assert.Equal(TimeSpan.Zero, paces.WaitFor(_connector, "other"));
    }

    [Fact]
    public void A_group_gets_its_burst_and_then_no_more_than_its_rate()
    {
        var paces = new ChatPaces(_clock);
        var sent = 0;
        for (var second = 0; second < 60; second++)
        {
            while (paces.WaitFor(_connector, "-group") == TimeSpan.Zero)
            {
                paces.Take(_connector, "-group");
                sent++;
            }

            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(sent, 18, 20);
    }

    [Fact]
    public void Asking_takes_nothing()
    {
        var paces = new ChatPaces(_clock);

        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(TimeSpan.Zero, paces.WaitFor(_connector, "chat")));
    }

    [Fact]
    public void Thousands_of_chats_are_forgotten_again_and_the_ones_that_wait_are_not()
    {
        var paces = new ChatPaces(_clock);
        for (var chat = 0; chat < 5_000; chat++)
        {
            paces.Take(_connector, $"early {chat}");
        }

        _clock.Advance(TimeSpan.FromSeconds(10));
        paces.Take(_connector, "waiting");
        for (var chat = 0; chat < 5_000; chat++)
        {
            Assert.Equal(TimeSpan.Zero, paces.WaitFor(_connector, $"late {chat}"));
        }

        Assert.Equal(TimeSpan.FromSeconds(1), paces.WaitFor(_connector, "waiting"));
        Assert.InRange(paces.Count, 1, 1_001);
    }

    private sealed class Paced : IPacedConnector
    {
        public ChannelManifest Manifest => throw new NotSupportedException();

        public ChatPace PaceOf(string chatId) => chatId.StartsWith('-') ? new(17.0 / 60, 3) : new(1, 1);

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
