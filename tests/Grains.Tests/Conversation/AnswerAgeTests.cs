namespace Channels.Grains.Tests.Conversation;

/// <summary>A turn that waited, behind others or while its tenant was suspended, until its message was older than the channel answers.</summary>
public sealed class AnswerAgeTests
{
    [Fact]
    public async Task A_message_whose_turn_comes_too_late_is_kept_and_not_answered()
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.Policy = stage.Policy with { AnswerMaxAge = TimeSpan.FromSeconds(60) };
        stage.Turn = stage.Turn with { OccurredAt = TimeProvider.System.GetUtcNow().AddDays(-7) };

        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: true);

        Assert.Equal(("older than the channel's answer_max_age", 0), ((await stage.EndedAsync()).Reason, stage.TimesAsked));
    }

    [Fact]
    public async Task An_answer_that_was_asked_for_in_time_counts_however_long_its_agent_takes()
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.Policy = stage.Policy with { AnswerMaxAge = TimeSpan.FromSeconds(60) };
        stage.Asked = () =>
        {
            stage.Policy = stage.Policy with { AnswerMaxAge = TimeSpan.Zero };
            return Task.CompletedTask;
        };

        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: true);

        Assert.Equal(("the agent had nothing to say", 1), ((await stage.EndedAsync()).Reason, stage.TimesAsked));
    }
}
