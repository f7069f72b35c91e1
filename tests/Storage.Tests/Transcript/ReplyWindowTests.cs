using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Testing;

namespace Channels.Storage.Tests.Transcript;

/// <summary>From when on the time counts in which a contact may be answered freely.</summary>
public sealed class ReplyWindowTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task What_the_provider_tells_about_a_contact_is_nothing_they_wrote()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        await stage.RecordAsync(stage.Batch() with { Messages = [Message(stage, EventKinds.MessageText, TimeSpan.Zero)] });

        await stage.RecordAsync(stage.Batch() with { Messages = [Message(stage, EventKinds.SystemIdentityChanged, TimeSpan.FromDays(2))] });

        Assert.Equal(true, await stage.ScalarAsync($"select contact_wrote_at = '{OwnMessagesStage.Noon:O}' and last_message_at > contact_wrote_at from conversation"));
    }

    private static RecordedMessage Message(OwnMessagesStage stage, string kind, TimeSpan after) => new(
        new MessageId(stage.Next()), stage.Where.Conversation, Outbound: false, Author.Contact, kind, kind, "message", "", "x", "received", null, null, null, OwnMessagesStage.Noon + after, null,
        StartsTurn: false, History: false);
}
