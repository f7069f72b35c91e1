using Channels.Core.Connectors;
using Channels.Core.Transcript;
using Channels.Testing;

namespace Channels.Storage.Tests.Transcript;

/// <summary>What one transaction has to tell twice of one message never stands in the way of what it records.</summary>
public sealed class ToldTogetherTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task Of_two_that_settle_one_reply_at_once_the_one_that_knows_it_was_sent_counts()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var reply = await stage.SendingAsync(stage.Where, "hola");

        await stage.TogetherAsync(
            () => stage.SettleAsync(reply, new SendOutcome.TryLater(TimeSpan.FromSeconds(1), "busy", "r")),
            () => stage.SettleAsync(reply, new SendOutcome.Accepted("P-1")));

        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from outbox"));
        Assert.Equal("sent", await stage.ScalarAsync($"select status from transcript where id = '{reply.Id}'"));
    }

    [PostgresFact]
    public async Task A_message_that_a_person_wrote_elsewhere_comes_in_one_batch_with_its_receipt()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);

        await stage.RecordAsync(stage.Batch() with
        {
            Echoes = [stage.Echo(stage.Where, "P-1", "hola", TimeSpan.FromSeconds(30))],
            Receipts = [new DeliveryReceipt(stage.Where.Conversation, "P-1", "read", null)],
        });

        Assert.Equal("read", await stage.ScalarAsync("select status from transcript"));
        Assert.Equal("message.sent_elsewhere", await stage.ScalarAsync("select string_agg(type, ',') from event"));
    }

    [PostgresFact]
    public async Task An_outbound_message_that_is_recorded_comes_in_one_batch_with_its_receipt()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var written = stage.Echo(stage.Where, "P-1", "hola", default).Message;

        await stage.RecordAsync(stage.Batch() with { Messages = [written], Receipts = [new DeliveryReceipt(stage.Where.Conversation, "P-1", "delivered", null)] });

        Assert.Equal("delivered", await stage.ScalarAsync("select status from transcript"));
        Assert.Equal("message.sent_elsewhere", await stage.ScalarAsync("select string_agg(type, ',') from event"));
    }

    [PostgresFact]
    public async Task A_reply_that_was_sent_twice_is_settled_in_one_transaction_with_the_receipt_of_its_first_copy()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var reply = await stage.SendingAsync(stage.Where, "hola", possiblyDuplicate: true);
        await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-first", "hola", TimeSpan.FromSeconds(30))] });

        await stage.TogetherAsync(
            () => stage.RecordAsync(stage.Batch() with { Receipts = [new DeliveryReceipt(null, "P-first", "delivered", null)] }),
            () => stage.SettleAsync(reply, new SendOutcome.Accepted("P-second")));

        Assert.Equal("delivered", await stage.ScalarAsync("select status from transcript"));
        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from outbox"));
        Assert.Equal("delivered", await stage.ScalarAsync("select string_agg(data->>'status', ',') from event where type = 'delivery.updated'"));
    }

    [PostgresFact]
    public async Task A_reply_of_unknown_outcome_is_settled_by_its_echo_in_one_transaction_with_the_receipt_of_its_first_copy()
    {
        await using var stage = await OwnMessagesStage.OpenAsync(postgres);
        var reply = await stage.SendingAsync(stage.Where, "hola", state: 2);
        await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-second", "hola", TimeSpan.FromSeconds(30))] });
        await stage.RunAsync($"update transcript set possibly_duplicate = true where id = '{reply.Id}'");
        await stage.RecordAsync(stage.Batch() with { Echoes = [stage.Echo(stage.Where, "P-first", "hola", TimeSpan.FromSeconds(30))] });

        await stage.TogetherAsync(
            () => stage.RecordAsync(stage.Batch() with { Receipts = [new DeliveryReceipt(null, "P-first", "delivered", null)] }),
            () => stage.SettleEchoesAsync(OwnMessagesStage.Noon));

        Assert.Equal(0L, await stage.ScalarAsync("select count(*) from outbox"));
        Assert.Equal("delivered", await stage.ScalarAsync("select string_agg(data->>'status', ',') from event where type = 'delivery.updated'"));
    }
}
