using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Tests.Conversation;

/// <summary>What changes in the tables while the agent thinks.</summary>
public sealed class MeanwhileTests
{
    [Fact]
    public async Task The_answer_goes_to_where_the_chat_is_by_then()
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.Outcome = new AgentOutcome.Reply("hi");
        stage.Asked = () =>
        {
            stage.ChatId = "chat-elsewhere";
            return stage.LookAgainAsync();
        };

        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: false);

        Assert.Equal("chat-elsewhere", Assert.Single((await stage.EndedAsync()).Replies).ChatId);
    }

    [Fact]
    public async Task What_a_person_says_goes_to_where_the_chat_is_by_then()
    {
        await using var stage = await ConversationStage.OpenAsync();
        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: false);
        await stage.EndedAsync();
        stage.ChatId = "chat-elsewhere";

        // The table is read for a turn that is not there: what was read before is out of date until then.
        stage.Read = () => throw new TimeoutException();
        await stage.LookAgainAsync();
        stage.Read = () => Task.CompletedTask;
        await stage.Conversation.SendAsync(stage.Where, stage.NewId(), new OutboundDraft("hello", null, null, default), CancellationToken.None);

        Assert.Equal("chat-elsewhere", (await stage.QueuedAsync()).ChatId);
    }

    [Fact]
    public async Task An_answer_that_overtakes_its_later_ends_only_what_the_agent_was_asked_about()
    {
        await using var stage = await ConversationStage.OpenAsync();
        stage.Policy = ChannelPolicy.Default with { Debounce = TimeSpan.FromSeconds(1) };
        var late = stage.Turn with { Message = stage.NewId(), Text = "and this" };
        var verdict = new TaskCompletionSource<LateReplyVerdict>();
        stage.Asked = async () =>
        {
            // It came before the burst closed, and can be seen only now.
            stage.Others = [late];
            verdict.SetResult(await stage.Conversation.ReplyAsync(stage.Where, stage.Turn.Message, new LateReply("hi", HandOver: false, []), CancellationToken.None));
        };

        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn], complete: false);

        var ended = await stage.EndedAsync();
        Assert.Equal(ImmutableArray.Create(stage.Turn.Message).AsEnumerable(), ended.Turns);
        Assert.Equal(LateReplyVerdict.Accepted, await verdict.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }
}
