using System.Text.Json;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Journal;
using Channels.Testing;

namespace Channels.Storage.Tests.Journal;

/// <summary>What is acknowledged from the journal comes into the table, once.</summary>
public sealed class JournalMoverTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private JournalStage _stage = null!;
    private (TenantId Tenant, AccountId Account) _one;

    public async Task InitializeAsync()
    {
        _stage = await JournalStage.CreateAsync(await postgres.CreateDatabaseAsync());
        _one = await _stage.AccountAsync();
    }

    public async Task DisposeAsync() => await _stage.DisposeAsync();

    [PostgresFact]
    public async Task Every_webhook_comes_into_the_table_once_as_it_was_and_is_counted()
    {
        var other = await _stage.AccountAsync();
        var (first, second, third) = (_stage.Webhook(_one, "ä/1"), _stage.Webhook(other), _stage.Webhook(_one));
        await _stage.AppendAsync(first, second);
        await _stage.AppendAsync(third);

        Assert.True(await _stage.Mover.TryMoveAsync(default));
        Assert.False(await _stage.Mover.TryMoveAsync(default));

        Assert.Equal([first.Id.Value, second.Id.Value, third.Id.Value], await _stage.InTableAsync());
        Assert.Equal(1L, await _stage.ScalarAsync(
            $"""
            select count(*) from inbox where tenant_id = '{_one.Tenant.Value}' and account_id = '{_one.Account.Value}' and id = '{first.Id.Value}'
            and received_at = '{first.ReceivedAt:O}' and path = 'ä/1' and body = decode('{Convert.ToHexString(first.Body.Span)}', 'hex')
            """));
        Assert.Equal((2, 1), (await _stage.AcceptedAsync(_one), await _stage.AcceptedAsync(other)));
        Assert.Equal(2, await _stage.MovedAsync());
        Assert.True(_stage.Journal.IsEmpty);
    }

    [PostgresFact]
    public async Task Many_batches_over_several_files_come_in_whole()
    {
        var appended = new List<InboundWebhook>();
        for (var batch = 0; batch < 300; batch++)
        {
            appended.Add(_stage.Directory.Webhook(_one.Tenant, _one.Account, batch % 60 == 0 ? JournalDirectory.ThirdOfFile : 10));
            await _stage.AppendAsync(appended[^1]);
        }

        await _stage.MoveAllAsync();

        Assert.Equal(appended.Select(webhook => webhook.Id.Value), await _stage.InTableAsync());
        Assert.Equal((300, 300), (await _stage.AcceptedAsync(_one), await _stage.MovedAsync()));
    }

    [PostgresFact]
    public async Task The_journal_lets_go_of_an_account_after_it_was_told_to_read_its_table_and_before_it_hears_of_something_new()
    {
        var other = await _stage.AccountAsync();
        await _stage.AppendAsync(_stage.Webhook(_one), _stage.Webhook(_one), _stage.Webhook(other));

        await _stage.MoveAllAsync();

        Assert.Equal([(_one.Account, 3), (other.Account, 3)], _stage.Left);
        Assert.Equal([(_one.Account, 0), (other.Account, 0)], _stage.Hinted);
        Assert.Equal(0, _stage.Journal.Contents.Count);
        Assert.False(_stage.Journal.Contents.Has(_one.Tenant));
    }

    [PostgresTheory]
    [InlineData(1, 0)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public async Task What_is_in_the_table_though_the_answer_was_lost_comes_only_once(int lost, int behind)
    {
        var webhooks = Enumerable.Range(0, lost + behind).Select(_ => _stage.Webhook(_one)).ToList();
        foreach (var webhook in webhooks[..lost])
        {
            await _stage.AppendAsync(webhook);
        }

        var piece = _stage.Journal.Reader.Read(lost, JournalReader.Enough, 0)!;
        Assert.True(await _stage.Table.MoveAsync(piece, 0, default));
        Assert.False(await _stage.Table.MoveAsync(piece, 0, default));
        foreach (var webhook in webhooks[lost..])
        {
            await _stage.AppendAsync(webhook);
        }

        await _stage.MoveAllAsync();

        Assert.Equal(webhooks.Select(webhook => webhook.Id.Value), await _stage.InTableAsync());
        Assert.Equal((lost + behind, lost + behind), (await _stage.AcceptedAsync(_one), await _stage.MovedAsync()));
        Assert.Equal(0, _stage.Journal.Contents.Count);
        Assert.Contains(_one.Account, _stage.Left.Select(one => one.Account));
        Assert.Contains(_one.Account, _stage.Hinted.Select(one => one.Account));
    }

    [PostgresFact]
    public async Task The_next_process_moves_what_the_last_one_left()
    {
        var webhooks = Enumerable.Range(0, 3).Select(_ => _stage.Webhook(_one)).ToList();
        foreach (var webhook in webhooks)
        {
            await _stage.AppendAsync(webhook);
        }

        // Brought, and then the process died before it knew.
        Assert.True(await _stage.Table.MoveAsync(_stage.Journal.Reader.Read(2, JournalReader.Enough, 0)!, 0, default));
        await _stage.Journal.DisposeAsync();

        await using var next = _stage.Directory.Open(await _stage.MovedAsync());
        Assert.Equal(1, next.Contents.Count);
        using var mover = new JournalMover(
            next, _stage.Database, new Storage.Inbox.InboxTraffic(TimeProvider.System), _stage, _stage, _stage.Condition, new DrainShare(1), TimeProvider.System, _stage.Log.For<JournalMover>());
        await mover.StopAsync(default);

        Assert.Equal(webhooks.Select(webhook => webhook.Id.Value), await _stage.InTableAsync());
        Assert.Equal(3, await _stage.MovedAsync());
    }

    [PostgresFact]
    public async Task What_the_table_refuses_is_kept_beside_the_journal_and_nobody_else_waits_for_it()
    {
        var (before, first, refused, last, behind) = (_stage.Webhook(_one), _stage.Webhook(_one), _stage.Webhook(_one, "a\0b"), _stage.Webhook(_one), _stage.Webhook(_one));
        await _stage.AppendAsync(before);
        await _stage.AppendAsync(first, refused, last);
        await _stage.AppendAsync(behind);

        await _stage.MoveAllAsync();

        Assert.Equal([before.Id.Value, first.Id.Value, last.Id.Value, behind.Id.Value], await _stage.InTableAsync());
        Assert.Equal(3, await _stage.MovedAsync());
        Assert.Equal((0, true), (_stage.Journal.Contents.Count, _stage.Journal.IsEmpty));
        var path = Path.Combine(_stage.Journal.RefusedDirectory, $"{refused.Id.Value}.json");
        Assert.Equal([path], Directory.GetFiles(_stage.Journal.RefusedDirectory));
        var kept = JsonDocument.Parse(await File.ReadAllBytesAsync(path)).RootElement;
        Assert.Equal((_one.Tenant.Value, _one.Account.Value, refused.Id.Value), (kept.GetProperty("tenant_id").GetGuid(), kept.GetProperty("channel_id").GetGuid(), kept.GetProperty("id").GetGuid()));
        Assert.Equal((refused.ReceivedAt, "a\0b"), (kept.GetProperty("received_at").GetDateTimeOffset(), kept.GetProperty("path").GetString()));
        Assert.Equal(refused.Body.ToArray(), kept.GetProperty("body").GetBytesFromBase64());
        Assert.Equal("22021", kept.GetProperty("refused_with").GetString());
        Assert.Contains(_stage.Log.Entries, entry => entry.Event.Id == 2331 && entry.Message.Contains(path, StringComparison.Ordinal));

        // Nobody is turned away for it, and what comes next goes in large pieces again.
        await _stage.AppendAsync(_stage.Webhook(_one));
        await _stage.AppendAsync(_stage.Webhook(_one));
        Assert.True(await _stage.Mover.TryMoveAsync(default));
        Assert.Equal(5, await _stage.MovedAsync());
    }

    [PostgresFact]
    public async Task When_the_process_ends_what_is_left_is_moved()
    {
        await _stage.AppendAsync(_stage.Webhook(_one));

        await _stage.Mover.StopAsync(default);

        Assert.Single(await _stage.InTableAsync());
        Assert.DoesNotContain(_stage.Log.Entries, entry => entry.Event.Id == 2342);
    }

    [PostgresFact]
    public async Task It_moves_by_itself_what_comes()
    {
        await _stage.Mover.StartAsync(default);
        for (var count = 1; count <= 3; count++)
        {
            await _stage.AppendAsync(_stage.Webhook(_one));
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (_stage.Journal.Contents.Count > 0)
            {
                await Task.Delay(10, deadline.Token);
            }

            Assert.Equal(count, (await _stage.InTableAsync()).Count);
        }

        await _stage.Mover.StopAsync(default);
    }
}
