
namespace Channels.Grains.Tests.Conversation;

/// <summary>A person takes over, or gives back, at the moment in which the conversation looks into its tables.</summary>
public sealed class TakeOverTests
{
    private const string PersonAnswers = "a person answers this conversation";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Who_takes_over_while_the_tables_are_being_read_silences_the_agent_though_the_tables_did_not_say_so_yet()
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.Read = HeldAsync;
        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: false);
        await _reached.Task.WaitAsync(_patience);

        var until = TimeProvider.System.GetUtcNow().AddMinutes(30);
        stage.PausedUntil = until;
        await stage.Conversation.TakeOverAsync(stage.Where, until);
        _goOn.SetResult();

        Assert.Equal((PersonAnswers, 0), ((await stage.EndedAsync()).Reason, stage.TimesAsked));
    }

    [Fact]
    public async Task After_somebody_took_over_while_somebody_else_was_resuming_the_table_says_who_came_last()
    {
        await using var stage = await ConversationStage.OpenAsync();
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (stage.IsWaiting, stage.Pausing) = (false, HeldAsync);
        var resuming = stage.Conversation.PauseAsync(stage.Where, until: null);
        await _reached.Task.WaitAsync(_patience);

        stage.PausedUntil = TimeProvider.System.GetUtcNow().AddMinutes(30);
        stage.Read = () => Task.FromResult(read.TrySetResult());
        await stage.Conversation.TakeOverAsync(stage.Where, stage.PausedUntil.Value);
        await read.Task.WaitAsync(_patience);
        _goOn.SetResult();
        await resuming;
        stage.IsWaiting = true;
        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: true);

        Assert.Equal("the agent had nothing to say", (await stage.EndedAsync()).Reason);

        // Twice, under one turn_id, when the table was read once more just before the turn was told.
        Assert.InRange(stage.TimesAsked, 1, 2);
    }

    [Fact]
    public async Task A_pause_that_was_written_although_nobody_heard_so_silences_the_agent_though_the_tables_were_read_before()
    {
        await using var stage = await ConversationStage.OpenAsync();
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.IsWaiting = false;
        stage.Pausing = async () =>
        {
            await HeldAsync();
            stage.PausedUntil = TimeProvider.System.GetUtcNow().AddMinutes(30);
            throw new TimeoutException();
        };
        var pausing = stage.Conversation.PauseAsync(stage.Where, TimeProvider.System.GetUtcNow().AddMinutes(30));
        await _reached.Task.WaitAsync(_patience);
        stage.Read = () => Task.FromResult(read.TrySetResult());
        await stage.LookAgainAsync();
        await read.Task.WaitAsync(_patience);
        _goOn.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => pausing);

        stage.IsWaiting = true;
        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: true);

        Assert.Equal((PersonAnswers, 0), ((await stage.EndedAsync()).Reason, stage.TimesAsked));
    }

    // The first time only.
    private Task HeldAsync() => _reached.TrySetResult() ? _goOn.Task : Task.CompletedTask;
}
