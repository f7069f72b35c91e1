using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Outbox;

/// <summary>Whose a provider's id is, for whoever looks up a reply that says the same as another.</summary>
public sealed class KnownIdsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task The_id_of_what_waited_for_an_hour_and_was_just_sent_is_known_and_what_was_sent_an_hour_ago_is_not()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        var anHourAgo = new IdSource(new ManualClock(OutboxStage.Now.AddHours(-1)));
        await SentAsync(stage, where, anHourAgo.Next(), "3EB0-LATE", OutboxStage.Now);
        await SentAsync(stage, where, anHourAgo.Next(), "3EB0-OLD", OutboxStage.Now.AddHours(-1));
        await SentAsync(stage, where, stage.Ids.Next(), "3EB0-NEW", OutboxStage.Now);

        var known = await stage.Outbox.KnownProviderIdsAsync(where, OutboxStage.Now.AddMinutes(-10), default);

        Assert.Equal(["3EB0-LATE", "3EB0-NEW"], known.Order(StringComparer.Ordinal));
    }

    [PostgresFact]
    public async Task An_id_is_anothers_once_another_message_of_the_conversation_has_it()
    {
        await using var stage = await OutboxStage.StartAsync(postgres);
        var where = await stage.ChannelAsync();
        var elsewhere = await stage.ConversationAsync(where);
        var (first, second) = (await stage.ReplyAsync(where), await stage.ReplyAsync(where));
        Task<bool> IsAnothersAsync(ConversationRef conversation, QueuedReply reply) => stage.Outbox.IsAnothersAsync(conversation, reply.Id, "3EB0", default);
        Assert.False(await IsAnothersAsync(where, second));

        await stage.Outbox.BeginSendAsync(where.Tenant, where.Account, first.Id, 1, possiblyDuplicate: false, default);
        await stage.Outbox.SettleAsync(new(where.Tenant, where.Account, first, new SendOutcome.Accepted("3EB0"), OutboxStage.Now, 1), default);

        Assert.True(await IsAnothersAsync(where, second));
        Assert.False(await IsAnothersAsync(where, first));
        Assert.False(await IsAnothersAsync(elsewhere, second));
    }

    private static Task SentAsync(OutboxStage stage, ConversationRef where, Guid id, string providerMessageId, DateTimeOffset at) => stage.RunAsync(
        """
        insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, occurred_at, provider_message_id, sent_at)
        values ($1, $2, $3, $4, true, 1, 'message.text', 'hola', 'sent', now(), $5, $6)
        """,
        where.Tenant.Value, where.Account.Value, id, where.Conversation.Value, providerMessageId, at);
}
