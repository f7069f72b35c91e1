using Channels.Core.Agents;
using Channels.Testing;

namespace Channels.Grains.Tests.Conversation;

/// <summary>An agent that says it will answer later, and a store of which nobody hears whether it took that down.</summary>
public sealed class PromisedAnswerTests
{
    [Fact]
    public async Task An_agent_that_promised_to_answer_is_not_asked_again_when_that_was_written_although_nobody_heard_so()
    {
        await using var stage = await ConversationStage.OpenAsync();
        var openings = 0;
        stage.Outcome = new AgentOutcome.Later();
        stage.Opening = opening =>
        {
            stage.Turn = stage.Turn with { AnswerBy = opening.AnswerBy };
            openings++;
            throw new TimeoutException();
        };
        var reads = 0;
        stage.Read = () => Task.FromResult(Interlocked.Increment(ref reads));

        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: true);

        await Eventually.TrueAsync("the table to be read after the loss", () => openings > 0 && Volatile.Read(ref reads) > 0);
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        Assert.Equal((1, 1), (openings, stage.TimesAsked));
    }
}
