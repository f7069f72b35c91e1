using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Inbox;
using Channels.Storage.Tests.Inbox;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Journal;

/// <summary>Whose webhooks take the way through the journal, and how long.</summary>
[Collection(AloneInTheProcess.Name)]
public sealed class JournalInboxTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly ManualClock _clock = new();
    private NpgsqlDataSource _db = null!;
    private JournalStage _stage = null!;
    private InboxTraffic _traffic = null!;
    private PostgresInbox _inbox = null!;
    private (TenantId Tenant, AccountId Account) _heavy;
    private (TenantId Tenant, AccountId Account) _light;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        _traffic = new InboxTraffic(_clock);
        _stage = await JournalStage.CreateAsync(_db, _traffic);
        (_heavy, _light) = (await _stage.AccountAsync(), await _stage.AccountAsync());

        // None counts as hanging, however slow the machine.
        _inbox = new PostgresInbox(
            _stage.Database, _traffic, _stage, new NoArrivals(), _stage.Condition, TimeProvider.System, NullLogger<PostgresInbox>.Instance, _stage.Journal, patience: TimeSpan.FromHours(1));
    }

    public async Task DisposeAsync()
    {
        await _inbox.DisposeAsync();
        await _stage.DisposeAsync();
    }

    [PostgresFact]
    public async Task Who_makes_pressure_is_acknowledged_from_the_journal_and_who_does_not_from_the_table()
    {
        await JournalDirectory.ReadyAsync(_stage.Journal);
        BeginFlood();
        List<InboundWebhook> light = [_stage.Webhook(_light), _stage.Webhook(_light), _stage.Webhook(_light)];
        List<InboundWebhook> heavy = [_stage.Webhook(_heavy), _stage.Webhook(_heavy)];

        // While the first waits for the table, all others come.
        await using var holder = await _db.OpenConnectionAsync();
        await using var holding = await holder.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("lock table inbox_0, inbox_1 in share row exclusive mode", holder, holding))
        {
            await hold.ExecuteNonQueryAsync();
        }

        List<Task> appends = [_inbox.AppendAsync(light[0], default)];
        await WaitsAsync();
        appends.Add(_inbox.AppendAsync(light[1], default));
        var journaled = heavy.Select(webhook => _inbox.AppendAsync(webhook, default)).ToList();
        appends.Add(_inbox.AppendAsync(light[2], default));
        await Task.WhenAll(journaled).WaitAsync(Deadline);
        Assert.DoesNotContain(appends, append => append.IsCompleted);
        await holding.RollbackAsync();
        await Task.WhenAll(appends).WaitAsync(Deadline);

        Assert.Equal(light.Select(webhook => webhook.Id.Value), await _stage.InTableAsync());
        Assert.Equal((2, 2), (_stage.Journal.Contents.Count, _stage.Journal.Contents.Of(_heavy.Tenant).Total(_heavy.Account).Count));
        Assert.Equal(2L, await _stage.ScalarAsync("select count(*) from inbox where tenant_id = '00000000-0000-0000-0000-000000000000'"));
        Assert.DoesNotContain(_heavy.Account, _stage.Hinted.Select(one => one.Account));

        await _stage.MoveAllAsync();
        Assert.Equal(light.Concat(heavy).Select(webhook => webhook.Id.Value).Order(), (await _stage.InTableAsync()).Order());
        Assert.Equal((2, 3), (await _stage.AcceptedAsync(_heavy), await _stage.AcceptedAsync(_light)));
    }

    [PostgresFact]
    public async Task Once_in_the_journal_a_tenant_stays_there_until_all_of_it_is_moved()
    {
        await JournalDirectory.ReadyAsync(_stage.Journal);
        BeginFlood();
        await AppendAsync(_heavy);
        Assert.Equal(1, _stage.Journal.Contents.Count);

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(_traffic.IsMadeBy(_heavy.Tenant));
        await AppendAsync(_heavy);
        await AppendAsync(_light);
        Assert.Equal((2, 2), (_stage.Journal.Contents.Count, _stage.Journal.Synced));
        Assert.Single(await _stage.InTableAsync());

        await _stage.MoveAllAsync();
        await AppendAsync(_heavy);
        Assert.Equal((0, 2), (_stage.Journal.Contents.Count, _stage.Journal.Synced));
        Assert.Equal(4, (await _stage.InTableAsync()).Count);
        Assert.Equal((3, 1), (await _stage.AcceptedAsync(_heavy), await _stage.AcceptedAsync(_light)));
    }

    [PostgresFact]
    public async Task Without_pressure_nothing_is_written_to_it()
    {
        await JournalDirectory.ReadyAsync(_stage.Journal);
        for (var count = 0; count < 50; count++)
        {
            await AppendAsync(_heavy);
        }

        Assert.Equal((0, 0), (_stage.Journal.Contents.Count, _stage.Journal.Synced));
        Assert.Equal(50, (await _stage.InTableAsync()).Count);
    }

    [PostgresFact]
    public async Task While_others_are_about_nobody_begins_in_it_but_who_is_in_it_goes_on_there()
    {
        await JournalDirectory.ReadyAsync(_stage.Journal);
        BeginFlood(beside: _light);
        Assert.True(_traffic.OthersAreAbout && _traffic.KeepsComing(_heavy.Tenant));
        await AppendAsync(_heavy);
        Assert.Equal((0, 0), (_stage.Journal.Contents.Count, _stage.Journal.Synced));
        Assert.Single(await _stage.InTableAsync());

        _clock.Advance(TimeSpan.FromMinutes(1));
        BeginFlood();
        await AppendAsync(_heavy);
        Assert.Equal(1, _stage.Journal.Contents.Count);

        BeginFlood(beside: _light);
        Assert.True(_traffic.OthersAreAbout);
        await AppendAsync(_heavy);
        Assert.Equal((2, 2), (_stage.Journal.Contents.Count, _stage.Journal.Synced));
    }

    [PostgresFact]
    public async Task While_the_journal_takes_nothing_the_table_takes_who_is_not_in_it()
    {
        await JournalDirectory.ReadyAsync(_stage.Journal);
        BeginFlood();
        _stage.Journal.Suspend(true);

        await AppendAsync(_heavy);

        Assert.Equal((0, 0), (_stage.Journal.Contents.Count, _stage.Journal.Synced));
        Assert.Single(await _stage.InTableAsync());
    }

    [PostgresFact]
    public async Task What_is_journaled_comes_behind_what_went_into_the_table_before()
    {
        await JournalDirectory.ReadyAsync(_stage.Journal);
        var before = await AppendAsync(_heavy);
        BeginFlood();
        var during = await AppendAsync(_heavy);

        Assert.Equal([before.Id.Value], await _stage.InTableAsync());
        await _stage.MoveAllAsync();
        Assert.Equal([before.Id.Value, during.Id.Value], await _stage.InTableAsync());
    }

    private void BeginFlood((TenantId Tenant, AccountId Account)? beside = null)
    {
        var webhooks = Enumerable.Repeat(Webhooks.Of(_heavy.Tenant, _heavy.Account), 100).ToList();
        for (var window = 0; window < 3; window++)
        {
            for (var times = 0; times < 10; times++)
            {
                _traffic.Committed(webhooks, waiting: 1000);
            }

            if (beside is { } other)
            {
                _traffic.Committed([Webhooks.Of(other.Tenant, other.Account)], waiting: null);
            }

            _clock.Advance(TimeSpan.FromMilliseconds(250));
        }

        _traffic.Committed(webhooks, waiting: 1000);
        Assert.True(_traffic.IsMadeBy(_heavy.Tenant));
        Assert.False(_traffic.IsMadeBy(_light.Tenant));
    }

    private async Task<InboundWebhook> AppendAsync((TenantId Tenant, AccountId Account) of)
    {
        var webhook = _stage.Webhook(of);
        await _inbox.AppendAsync(webhook, default).WaitAsync(Deadline);
        return webhook;
    }

    private async Task WaitsAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (await _stage.ScalarAsync("select count(*) from pg_locks where locktype = 'relation' and not granted and database = (select oid from pg_database where datname = current_database())") is not 1L)
        {
            await Task.Delay(10, deadline.Token);
        }
    }
}
