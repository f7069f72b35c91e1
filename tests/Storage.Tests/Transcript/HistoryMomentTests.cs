using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Migrations;
using Channels.Storage.Transcript;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Transcript;

/// <summary>Whatever time a provider gives an old message, it is recorded: one that could not be would hold up its account, and everybody it shares a transaction with.</summary>
public sealed class HistoryMomentTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    public static TheoryData<DateTimeOffset> Moments() => new(DateTimeOffset.MaxValue, new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero), DateTimeOffset.UnixEpoch, new(1970, 1, 1, 0, 30, 0, TimeSpan.Zero));

    [PostgresTheory]
    [MemberData(nameof(Moments))]
    public async Task A_message_from_the_edge_of_time_is_recorded_once(DateTimeOffset moment)
    {
        var ids = new IdSource(TimeProvider.System);
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        await using var database = new ChannelsDatabase(db.ConnectionString);
        await using var writer = new AccountWriter(database, new InboxTraffic(TimeProvider.System), NullLogger<AccountWriter>.Instance);
        var (tenant, account, conversation) = (new TenantId(ids.Next()), new AccountId(ids.Next()), new ConversationId(ids.Next()));
        await using (var chat = db.CreateCommand(
            $"insert into conversation (tenant_id, account_id, id, chat_id, chat_type, created_at) values ('{tenant}', '{account}', '{conversation}', '549', 'direct', now())"))
        {
            await chat.ExecuteNonQueryAsync();
        }

        RecordOperation Recording() => new(
            new AccountBatch(tenant, account)
            {
                Messages =
                [
                    new RecordedMessage(
                        new MessageId(ids.Next()), conversation, false, Author.Contact, "message.text", "OLD-1", "message", "", "x", "received", null, null, null, moment, null, StartsTurn: false, History: true),
                ],
            },
            TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow());

        await writer.RunAsync(Recording(), default);
        await writer.RunAsync(Recording(), default);

        await using var count = db.CreateCommand("select count(*) from transcript");
        Assert.Equal(1L, await count.ExecuteScalarAsync());
    }
}
