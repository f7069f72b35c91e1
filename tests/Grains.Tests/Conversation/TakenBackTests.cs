namespace Channels.Grains.Tests.Conversation;

/// <summary>What a contact takes back is not answered, whenever they do.</summary>
public sealed class TakenBackTests
{
    [Fact]
    public async Task What_is_taken_back_while_the_agent_thinks_is_not_answered()
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.Asked = () =>
        {
            stage.Turn = stage.Turn with { Deleted = true, Text = null };
            return stage.LookAgainAsync();
        };

        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: true);

        Assert.Equal(("deleted by its sender", 1), ((await stage.EndedAsync()).Reason, stage.TimesAsked));
    }

    [Fact]
    public async Task What_was_taken_back_before_the_agent_is_asked_is_not_asked()
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.Turn = stage.Turn with { Deleted = true, Text = null };

        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: false);

        Assert.Equal(("deleted by its sender", 0), ((await stage.EndedAsync()).Reason, stage.TimesAsked));
    }
}
