using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Grains.Conversation;

namespace Channels.Grains.Tests.Conversation;

public sealed class SilenceTests
{
    private static readonly Guid _id = new("00000000-0000-7000-8000-000000000001");
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Nothing_keeps_an_agent_from_answering_somebody_who_can_be_written_to() => Assert.Null(Why());

    [Fact]
    public void An_agent_keeps_silent_while_a_person_answers()
    {
        Assert.Equal("a person answers this conversation", Why(pausedUntil: Noon.AddSeconds(1)));
        Assert.Null(Why(pausedUntil: Noon));
    }

    [Fact]
    public void An_agent_is_not_asked_for_somebody_who_is_out_of_reach() =>
        Assert.Equal("no answer can be delivered: the contact has blocked this account (since 2026-11-01T12:00:00Z)", Why(outOfReach: Noon));

    [Fact]
    public void Who_has_written_since_is_within_reach_again() => Assert.Null(Why(outOfReach: Noon.AddSeconds(-1)));

    private static string? Why(DateTimeOffset? pausedUntil = null, DateTimeOffset? outOfReach = null)
    {
        var (tenant, account) = (new TenantId(_id), new AccountId(_id));
        var channel = new ChannelEntry(
            tenant, new ConnectorId(_id), account, "fake", ConnectorStatus.Active, AccountStatus.Active, null,
            new Connection(tenant, account, "a", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/")), new AgentSettings("echo", default), ChannelPolicy.Default, false);
        var said = new PendingTurn(new MessageId(_id), "message.text", "hello", null, Noon, null, "1");
        return Silence.Why(channel, pausedUntil, outOfReach is { } since ? new OutOfReach(since, "the contact has blocked this account") : null, Burst.Of([said], TimeSpan.Zero), Noon);
    }
}
