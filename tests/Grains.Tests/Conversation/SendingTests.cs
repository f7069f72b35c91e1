using Channels.Core.Conversations;
using Channels.Core.Transcript;

namespace Channels.Grains.Tests.Conversation;

/// <summary>Messages of a person or a program.</summary>
public sealed class SendingTests
{
    [Fact]
    public async Task A_message_that_is_queued_and_that_delivery_does_not_hear_of_is_no_error_to_whoever_would_send_it_again()
    {
        await using var stage = await ConversationStage.OpenAsync();

        await stage.Conversation.SendAsync(stage.Where, stage.NewId(), new OutboundDraft("hello", ReplyTo: null, Content: null, Author.Program), default);

        Assert.Equal("hello", (await stage.QueuedAsync()).Text);
    }

    [Fact]
    public async Task A_message_that_is_being_queued_is_not_given_up_when_its_sender_goes_away()
    {
        await using var stage = await ConversationStage.OpenAsync();
        using var patience = new CancellationTokenSource();
        stage.Queueing = token => patience.CancelAsync().ContinueWith(_ => token.ThrowIfCancellationRequested(), TaskScheduler.Default);

        await stage.Conversation.SendAsync(stage.Where, stage.NewId(), new OutboundDraft("hello", ReplyTo: null, Content: null, Author.Program), patience.Token)
            .ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal("hello", (await stage.QueuedAsync()).Text);
    }
}
