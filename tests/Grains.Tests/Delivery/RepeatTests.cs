using Channels.Core;
using Channels.Core.Connectors;
using Channels.Core.Outbox;

namespace Channels.Grains.Tests.Delivery;

/// <summary>A reply of unknown outcome that the provider does not have is put back before what waits behind it.</summary>
public sealed class RepeatTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_reply_that_is_repeated_though_the_answer_was_lost_leaves_before_a_later_one()
    {
        await using var stage = await DeliveryStage.StartAsync(
            kind: stage => new DeliveryStage.Answering(stage, new ChannelLimits(1_000, null, 8)) { Says = new SentLookupOutcome.NotThere() });
        var lost = stage.Reply("lost");
        var later = stage.Reply("later", lost.Conversation.Value);
        var begun = stage.Clock.GetUtcNow();
        stage.Unknown = [new(lost, OutboxState.Unknown, 1, begun, begun, PossiblyDuplicate: false)];
        stage.Table = [new(later, OutboxState.Queued, 1, begun.AddMinutes(1), null, PossiblyDuplicate: false)];
        var (asked, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        stage.Repeating = async () =>
        {
            asked.SetResult();
            await goOn.Task;
            stage.Table = [.. stage.Table, new(lost, OutboxState.Queued, 1, begun, null, PossiblyDuplicate: true)];
            throw new StoreUnavailableException();
        };
        var firstLook = stage.Clock.TimerSetAsync(wait => wait == OutboxRow.LookUpsAfter[0]);
        await stage.ReadyAsync();
        await firstLook.WaitAsync(Patience);

        // The first look repeats nothing.
        var secondLook = stage.Clock.TimerSetAsync(wait => wait == OutboxRow.LookUpsAfter[1] - OutboxRow.LookUpsAfter[0]);
        stage.Clock.Advance(OutboxRow.LookUpsAfter[0]);
        stage.Clock.Advance(await secondLook.WaitAsync(Patience));
        await asked.Task.WaitAsync(Patience);

        // The later one's time comes.
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        goOn.SetResult();

        Assert.Equal(["lost"], await stage.SentAsync(1));
        Assert.Equal(["later"], await stage.SentAsync(1));
    }
}
