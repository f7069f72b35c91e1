using Channels.Core;
using Channels.Testing;
using Npgsql;

namespace Channels.Storage.Tests.Journal;

/// <summary>What was acknowledged before the database went away is there when it is back.</summary>
public sealed class JournalOutageTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [PostgresFact]
    public async Task While_the_database_is_away_nothing_is_taken_and_afterwards_everything_is_moved()
    {
        await using var server = await OwnPostgres.StartAsync();
        await using var db = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false });
        await using var stage = await JournalStage.CreateAsync(db);
        var account = await stage.AccountAsync();
        var webhooks = Enumerable.Range(0, 4).Select(_ => stage.Webhook(account)).ToList();
        await stage.AppendAsync(webhooks[0]);
        Assert.True(await stage.Mover.TryMoveAsync(default));
        await stage.AppendAsync(webhooks[1]);
        await stage.AppendAsync(webhooks[2]);
        await JournalDirectory.ReadyAsync(stage.Journal);

        await server.StopServerAsync();
        Assert.False(await stage.Mover.TryMoveAsync(default));
        Assert.False(stage.Journal.IsReady());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => stage.AppendAsync(stage.Webhook(account)));
        Assert.Equal(2, stage.Journal.Contents.Count);

        // It is still away.
        Assert.False(await stage.Mover.TryMoveAsync(default));
        Assert.Contains(stage.Log.Entries, entry => entry.Event.Id == 2341);

        await server.StartServerAsync();
        using var deadline = new CancellationTokenSource(Deadline);
        while (!await stage.Mover.TryMoveAsync(deadline.Token))
        {
            await Task.Delay(10, deadline.Token);
        }

        await stage.MoveAllAsync();
        await stage.AppendAsync(webhooks[3]);
        await stage.MoveAllAsync();

        Assert.Equal(webhooks.Select(webhook => webhook.Id.Value), await stage.InTableAsync());
        Assert.Equal((4, 4), (await stage.AcceptedAsync(account), await stage.MovedAsync()));
        Assert.True(stage.Journal.IsReady() && stage.Journal.IsEmpty);
    }
}
