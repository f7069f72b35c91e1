using System.Threading.Channels;
using Channels.Core.Ids;
using Channels.Core.Intake;
using Channels.Grains.Intake;

namespace Channels.Grains.Tests.Intake;

public sealed class IntakeRowTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TenantId Tenant = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly AccountId Account = new(new Guid(2, 0, 0, new byte[8]));
    private readonly HeldStore _store = new();

    [Fact]
    public async Task A_stop_while_the_loop_saves_leaves_no_due_row()
    {
        var row = await LoadedAsync();
        var loop = row.KeepAsync(Tenant, Account, row.Now! with { Cursor = "7", DueAt = Noon });
        var stop = row.KeepAsync(Tenant, Account, row.Now! with { DueAt = null });

        // One at a time: what the database takes first is what was begun first.
        Assert.Equal(1, _store.Begun);
        await _store.EndNextAsync();
        await loop;
        await _store.EndNextAsync();
        await stop;

        Assert.Equal(("7", null), (_store.Row!.Cursor, _store.Row.DueAt));
        Assert.Null(row.Now!.DueAt);
    }

    [Fact]
    public async Task A_save_that_waited_writes_what_holds_by_then()
    {
        var row = await LoadedAsync();
        var first = row.KeepAsync(Tenant, Account, row.Now! with { Cursor = "1", DueAt = Noon });
        var second = row.KeepAsync(Tenant, Account, row.Now! with { Cursor = "2" });
        var stop = row.KeepAsync(Tenant, Account, row.Now! with { DueAt = null });

        await _store.EndNextAsync();
        await first;
        await _store.EndNextAsync();
        await second;

        Assert.Null(_store.Row!.DueAt);
        await _store.EndNextAsync();
        await stop;
        Assert.Equal(("2", null), (_store.Row!.Cursor, _store.Row.DueAt));
    }

    [Fact]
    public async Task A_save_that_failed_is_not_held_to_have_happened_and_takes_nothing_back_that_came_after()
    {
        var row = await LoadedAsync();
        var loop = row.KeepAsync(Tenant, Account, row.Now! with { DueAt = Noon });
        var stop = row.KeepAsync(Tenant, Account, row.Now! with { DueAt = null, Code = "stopped" });

        await _store.EndNextAsync(new InvalidOperationException("away"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => loop);
        Assert.Equal((null, "stopped"), (row.Now!.DueAt, row.Now.Code));
        await _store.EndNextAsync(new InvalidOperationException("away"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => stop);

        Assert.Equal(AccountIntake.None, row.Now);
    }

    [Fact]
    public async Task A_look_that_was_asked_for_during_another_is_not_put_off()
    {
        var (row, found) = await DueAsync();
        await SavedAsync(row.KeepAsync(Tenant, Account, found with { DueAt = Noon.AddSeconds(30) }));

        await SavedAsync(row.EndLookAsync(Tenant, Account, found, found with { Code = "quality-low", DueAt = Noon.AddHours(1) }));

        Assert.Equal(("quality-low", Noon.AddSeconds(30)), (_store.Row!.Code, _store.Row.DueAt));
    }

    [Fact]
    public async Task Without_one_the_next_look_is_due_when_the_last_says()
    {
        var (row, found) = await DueAsync();

        await SavedAsync(row.EndLookAsync(Tenant, Account, found, found with { DueAt = Noon.AddHours(1) }));

        Assert.Equal(Noon.AddHours(1), _store.Row!.DueAt);
    }

    [Fact]
    public async Task A_look_at_an_intake_that_was_stopped_meanwhile_leaves_nothing()
    {
        var (row, found) = await DueAsync();
        await SavedAsync(row.KeepAsync(Tenant, Account, found with { DueAt = null }));

        await row.EndLookAsync(Tenant, Account, found, found with { Code = "quality-low", DueAt = Noon.AddHours(1) });

        Assert.Equal((null, null), (_store.Row!.Code, _store.Row.DueAt));
    }

    private async Task<(IntakeRow Row, AccountIntake Found)> DueAsync()
    {
        var row = await LoadedAsync();
        await SavedAsync(row.KeepAsync(Tenant, Account, row.Now! with { DueAt = Noon }));
        return (row, row.Now!);
    }

    private async Task SavedAsync(Task keeping)
    {
        await _store.EndNextAsync();
        await keeping;
    }

    private async Task<IntakeRow> LoadedAsync()
    {
        var row = new IntakeRow(_store);
        await row.LoadAsync(Tenant, Account, default);
        return row;
    }

    /// <summary>Saves end when the test says so.</summary>
    private sealed class HeldStore : IIntakeStore
    {
        private readonly Channel<(AccountIntake Intake, TaskCompletionSource Done)> _saves = System.Threading.Channels.Channel.CreateUnbounded<(AccountIntake, TaskCompletionSource)>();

        public int Begun => _saves.Reader.Count;

        public AccountIntake? Row { get; private set; }

        public Task<AccountIntake?> LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult(Row);

        public Task<UpdateGap> ReadGapAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task SaveAsync(TenantId tenant, AccountId account, AccountIntake intake, CancellationToken cancellationToken)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Assert.True(_saves.Writer.TryWrite((intake, done)));
            return done.Task;
        }

        public async Task EndNextAsync(Exception? failure = null)
        {
            var (intake, done) = await _saves.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            if (failure is not null)
            {
                done.SetException(failure);
                return;
            }

            Row = intake;
            done.SetResult();
        }
    }
}
