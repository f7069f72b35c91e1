using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Testing;

namespace Channels.Storage.Tests.Transcript;

/// <summary>What was said in a conversation that is not there is refused, and nobody else's with it: it would be listed nowhere and answered never.</summary>
public sealed class LostConversationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_to_a_conversation_that_is_not_there_is_refused_alone(bool echo)
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var lost = stage.Where with { Conversation = new(stage.Next()) };
        AccountBatch Said(ConversationRef where, string id) =>
            echo ? stage.Batch() with { Echoes = [stage.Echo(where, id, "x", TimeSpan.Zero)] } : stage.Batch() with { Messages = [Message(stage, where, id)] };
        Task refused = Task.CompletedTask;

        await stage.TogetherAsync(
            () => refused = Assert.ThrowsAsync<BatchRefusedException>(() => stage.RecordAsync(Said(lost, "gone"))), () => stage.RecordAsync(Said(stage.Where, "there")));

        var refusal = await (Task<BatchRefusedException>)refused;
        Assert.Equal(BatchRefusedException.NoSuchConversation, refusal.SqlState);
        Assert.Equal("there", await stage.ScalarAsync("select string_agg(provider_message_id, ',') from transcript"));
        Assert.Equal("there", await stage.ScalarAsync("select string_agg(provider_message_id, ',') from message_key"));
        Assert.Equal(1L, await stage.ScalarAsync("select count(*) from event where type like 'message.%'"));
    }

    private static RecordedMessage Message(OwnMessagesStage stage, ConversationRef where, string id) => new(
        new MessageId(stage.Next()), where.Conversation, Outbound: false, Author.Contact, "message.text", id, "message", "", "x", "received", null, null, null, OwnMessagesStage.Noon, null,
        StartsTurn: true, History: false);
}
