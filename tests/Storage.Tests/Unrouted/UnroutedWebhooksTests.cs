using Channels.Core;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Migrations;
using Channels.Storage.Unrouted;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Unrouted;

/// <summary>What belongs to no channel is kept before it is acknowledged, or its provider hears in time that it is not.</summary>
public sealed class UnroutedWebhooksTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IInboxHint
{
    [PostgresFact]
    public async Task Keeping_it_has_an_end_when_the_server_hangs_and_its_repetition_is_known_afterwards()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        var unrouted = new UnroutedWebhooks(db, this, new IdSource(TimeProvider.System)) { AnswerWithin = TimeSpan.FromSeconds(1) };
        var webhook = new UnroutedWebhook("whatsapp_cloud", new WebhookAccount("phone_number_id", "111"), "no channel has it", DateTimeOffset.UnixEpoch, "", new byte[] { 1 });
        await using var holder = await db.OpenConnectionAsync();
        await using var holding = await holder.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("lock table unrouted_webhook", holder, holding))
        {
            await hold.ExecuteNonQueryAsync();
        }

        await Assert.ThrowsAsync<StoreUnavailableException>(() => unrouted.AppendAsync(webhook, default).WaitAsync(TimeSpan.FromSeconds(8)));

        await holding.RollbackAsync();
        await unrouted.AppendAsync(webhook, default);
        await using var count = db.CreateCommand("select count(*) from unrouted_webhook");
        Assert.Equal(1L, await count.ExecuteScalarAsync());
    }

    void IInboxHint.Arrived(AccountId account)
    {
    }

    void IInboxHint.PutBack(AccountId account)
    {
    }
}
