using Channels.Core.Channels;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Testing;

namespace Channels.Grains.Tests.Conversation;

/// <summary>More waits in a conversation than its grain reads at once: all of it is answered, in order, whatever it hears meanwhile.</summary>
public sealed class CutPageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task What_a_page_left_in_the_table_is_answered_after_it_and_before_what_comes_meanwhile(int ofPage)
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.OfPage = ofPage;
        stage.Behind = [.. Enumerable.Range(0, 9).Select(n => stage.Turn with { Message = stage.NewId(), ProviderMessageId = $"b-{n}" })];
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Asked = () => asked.Task;
        await stage.LookAgainAsync();
        await UntilAskedAsync(stage);

        var fresh = stage.Turn with { Message = stage.NewId(), ProviderMessageId = "fresh" };
        stage.Behind = stage.Behind.Add(fresh);
        await stage.Conversation.EnqueueAsync(stage.Where, [fresh], complete: true);
        asked.SetResult();

        var endings = await stage.EndedAsync(11);
        Assert.Equal([stage.Turn.Message, .. stage.Behind.Select(turn => turn.Message)], endings.Select(Assert.Single));
        Assert.Equal(11, stage.TimesAsked);
    }

    [Fact]
    public async Task A_burst_that_a_page_was_cut_in_is_answered_as_one()
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.Policy = ChannelPolicy.Default with { Debounce = TimeSpan.FromSeconds(1) };
        stage.OfPage = 3;
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-2);
        PendingTurn At(double seconds) => stage.Turn with { Message = new(new IdSource(new ManualClock(start.AddSeconds(seconds))).Next()), ProviderMessageId = $"{seconds}" };
        stage.Turn = At(0);
        stage.Behind = [At(30), At(60), At(60.5), At(90)];

        await stage.LookAgainAsync();

        Assert.Equal([1, 1, 2, 1], (await stage.EndedAsync(5)).Select(ending => ending.Length));
    }

    private static async Task UntilAskedAsync(ConversationStage stage)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (stage.TimesAsked == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
        }
    }
}
