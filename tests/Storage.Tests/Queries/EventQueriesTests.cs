using Channels.Core.Ids;
using Channels.Storage.Maintenance;
using Channels.Storage.Migrations;
using Channels.Storage.Queries;
using Channels.Storage.Tenancy;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Queries;

/// <summary>Who comes back after events went that it has not seen is told; nobody else is.</summary>
/// <remarks>Transactions have numbers that were over long ago: what other tests have running on this server hides none of them.</remarks>
public sealed class EventQueriesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const int Past = 40;
    private readonly ManualClock _clock = new();
    private readonly IdSource _ids = new(TimeProvider.System);
    private TenantId _tenant;
    private NpgsqlDataSource _db = null!;
    private EventQueries _events = null!;
    private DateTimeOffset _started;

    public async Task InitializeAsync()
    {
        _started = _clock.GetUtcNow();
        _tenant = new(_ids.Next());
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, _clock, NullLogger.Instance, default);
        await TimePartitions.EnsureAsync(_db, _clock, default);
        _events = new EventQueries(new TenantScope(_db));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [PostgresFact]
    public async Task Who_has_not_seen_what_went_is_told_up_to_when_and_who_has_goes_on()
    {
        var seen = await AddAsync(10, days: 0);
        var last = await AddAsync(11, days: 1);
        var kept = await AddAsync(12, days: 20);

        await DropAsync(Past);

        Assert.Equal(_started.AddDays(1), Until(await ReadAsync(seen)));
        Assert.Equal(_started.AddDays(1), Until(await ReadAsync(new EventCursor(0, Guid.Empty))));
        Assert.Equal([kept], Cursors(await ReadAsync(last)));
        Assert.Equal([kept], Cursors(await ReadAsync(null)));
    }

    [PostgresFact]
    public async Task Rows_without_a_week_of_their_own_are_missed_just_the_same()
    {
        var seen = await AddAsync(10, days: -400);
        var last = await AddAsync(11, days: -399);
        var kept = await AddAsync(12, days: -300);

        var gone = await new RowTrimming(_db).EventsAsync("event_default", _started.AddDays(-350), default);

        Assert.Equal(2, gone);
        Assert.Equal(_started.AddDays(-399), Until(await ReadAsync(seen)));
        Assert.Equal([kept], Cursors(await ReadAsync(last)));
    }

    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task However_old_a_cursor_it_is_good_while_nothing_that_follows_it_went(bool more)
    {
        var (talkative, silent) = (new TenantId(_ids.Next()), new TenantId(_ids.Next()));
        var seen = await AddAsync(10, days: 0);
        await AddAsync(11, days: 1, talkative);
        EventCursor[] kept = more ? [await AddAsync(12, days: 20)] : [];

        await DropAsync(Past);

        var page = Assert.IsType<EventReading.Page>(await ReadAsync(seen));
        Assert.Equal(kept, Cursors(page));
        Assert.Equal(more ? kept[0] : seen, page.Next);
        Assert.Empty(Cursors(await _events.ReadAsync(silent, default(EventCursor), 10, default)));
    }

    [PostgresFact]
    public async Task Every_tenant_is_told_of_its_own_events_alone()
    {
        TenantId[] tenants = [.. Enumerable.Range(0, 5).Select(_ => new TenantId(_ids.Next()))];
        foreach (var (tenant, number) in tenants.Select((tenant, number) => (tenant, (ulong)number)))
        {
            await AddAsync(20 - number, days: 0, tenant);
            await AddAsync(30 - number, days: number * 0.1, tenant);
        }

        await DropAsync(Past);

        foreach (var (tenant, number) in tenants.Select((tenant, number) => (tenant, (ulong)number)))
        {
            Assert.Equal(_started.AddDays(number * 0.1), Until(await _events.ReadAsync(tenant, new EventCursor(30 - number, Guid.Empty), 10, default)));
            Assert.IsType<EventReading.Page>(await _events.ReadAsync(tenant, new EventCursor(30 - number, IdSource.Floor(_started.AddDays(number * 0.1))), 10, default));
        }
    }

    [PostgresFact]
    public async Task Whoever_begins_when_all_is_gone_has_missed_nothing_until_more_goes()
    {
        await AddAsync(10, days: 0);
        await DropAsync(Past);

        var begun = Assert.IsType<EventReading.Page>(await ReadAsync(null)).Next;
        var later = await ReadAsync(begun);
        await AddAsync(11, days: 20);
        await DropAsync(Past + 30);

        Assert.Equal(begun, Assert.IsType<EventReading.Page>(later).Next);
        Assert.Equal(_started.AddDays(20), Until(await ReadAsync(begun)));
    }

    [PostgresFact]
    public async Task What_is_left_before_the_last_that_went_is_read_to_its_end_by_whoever_begins_anew()
    {
        // Transactions and ids do not go quite the same way: the older week held the later transaction.
        var left = (await AddAsync(18, days: 20), await AddAsync(19, days: 21));
        await AddAsync(20, days: 0);
        var young = await AddAsync(21, days: 22);
        await DropAsync(Past);

        var first = Assert.IsType<EventReading.Page>(await ReadAsync(null, limit: 1));
        var second = Assert.IsType<EventReading.Page>(await ReadAsync(first.Next, limit: 1));
        var third = Assert.IsType<EventReading.Page>(await ReadAsync(second.Next, limit: 1));
        var end = Assert.IsType<EventReading.Page>(await ReadAsync(third.Next, limit: 1));

        Assert.Equal([Place(left.Item1), Place(left.Item2), Place(young)], new[] { first, second, third }.Select(page => Place(page.Events.Single().Cursor)));
        Assert.Equal(young, end.Next);
        Assert.IsType<EventReading.Gone>(await ReadAsync(left.Item2));
    }

    [PostgresFact]
    public async Task Whoever_reads_what_is_left_is_told_when_that_goes_as_well()
    {
        await AddAsync(18, days: 20);
        var behind = await AddAsync(19, days: 21);
        await AddAsync(20, days: 0);
        await AddAsync(21, days: 60);
        await DropAsync(Past);
        var first = Assert.IsType<EventReading.Page>(await ReadAsync(null, limit: 1)).Next;

        await DropAsync(Past + 15);

        Assert.Equal(_started.AddDays(21), Until(await ReadAsync(first)));
        Assert.Equal(_started, Until(await ReadAsync(behind)));
        Assert.Equal([new EventCursor(21, IdSource.Floor(_started.AddDays(60)))], Cursors(await ReadAsync(null)));
    }

    [PostgresFact]
    public async Task Who_was_told_goes_on_from_the_same_place_misses_only_what_went_and_reads_nothing_twice()
    {
        var seen = await AddAsync(10, days: 20);
        await AddAsync(11, days: 0);
        EventCursor[] kept = [await AddAsync(12, days: 21), await AddAsync(13, days: 60)];
        await DropAsync(Past);

        var told = Assert.IsType<EventReading.Gone>(await ReadAsync(seen));
        var next = Assert.IsType<EventReading.Page>(await ReadAsync(told.Next, limit: 1));

        Assert.Equal((Place(seen), _started), (Place(told.Next), told.Until));
        Assert.Equal([kept[0]], Cursors(next));
        Assert.Equal([kept[1]], Cursors(await ReadAsync(next.Next)));

        // The next trim takes what comes behind the place as well: told once more, and on again.
        await DropAsync(Past + 15);
        var again = Assert.IsType<EventReading.Gone>(await ReadAsync(told.Next));
        Assert.Equal(_started.AddDays(21), again.Until);
        Assert.Equal([kept[1]], Cursors(await ReadAsync(again.Next)));
    }

    [PostgresFact]
    public async Task Of_several_trims_the_last_event_is_named_by_its_place_and_not_by_its_id()
    {
        var seen = await AddAsync(10, days: -10);
        await AddAsync(20, days: 0); // what became of an old message
        await DropAsync(Past);
        await AddAsync(15, days: 20);
        await DropAsync(Past + 20);

        Assert.Equal(_started, Until(await ReadAsync(seen)));
    }

    [PostgresFact]
    public async Task A_week_that_stays_because_it_is_in_use_has_not_gone()
    {
        var seen = await AddAsync(10, days: 0);
        var kept = await AddAsync(11, days: 1);
        await using var connection = await _db.OpenConnectionAsync();
        await using var reading = await connection.BeginTransactionAsync();
        await using (var look = new NpgsqlCommand("select count(*) from event", connection))
        {
            await look.ExecuteScalarAsync();
        }

        await DropAsync(Past);
        var meanwhile = await ReadAsync(seen);
        await reading.CommitAsync();
        await DropAsync(Past);

        Assert.Equal([kept], Cursors(meanwhile));
        Assert.IsType<EventReading.Gone>(await ReadAsync(seen));
    }

    [PostgresFact]
    public async Task One_row_a_tenant_is_kept_of_however_many_trims()
    {
        for (var week = 0; week < 4; week++)
        {
            await AddAsync((ulong)(10 + week), days: week * 7);
            await DropAsync(Past + (week * 7));
        }

        await AddAsync(30, days: -400);
        await new RowTrimming(_db).EventsAsync("event_default", _started, default);

        Assert.Equal("1 30", await ScalarAsync("select count(*) || ' ' || max(xid::text) from event_trim"));
    }

    [PostgresFact]
    public async Task In_a_store_restored_elsewhere_cursors_from_before_are_refused_and_new_ones_are_good()
    {
        await AddAsync(9_000_000_000, days: 0);
        await DropAsync(Past);
        await AddAsync(12, days: 20);

        var now = await _events.NowAsync(_tenant, default);

        var elsewhere = Assert.IsType<EventReading.FromElsewhere>(await ReadAsync(new EventCursor(9_000_000_000, Guid.Empty)));
        Assert.Single(Assert.IsType<EventReading.Page>(await ReadAsync(elsewhere.Next)).Events);
        Assert.IsType<EventReading.FromElsewhere>(await ReadAsync(new EventCursor(12, Guid.Empty, Known: now.Known + 1)));
        Assert.Empty(Cursors(await ReadAsync(now)));
        var begun = Assert.IsType<EventReading.Page>(await ReadAsync(null));
        Assert.Single(begun.Events);
        Assert.Empty(Cursors(await ReadAsync(begun.Next)));
    }

    [PostgresFact]
    public async Task What_the_README_says_of_a_restored_dump_numbers_its_events_by_this_server()
    {
        await AddAsync(9_000_000_000, days: 20);
        await AddAsync(9_000_000_001, days: 21);

        await ScalarAsync("update event set xid = default");

        Assert.Equal(2L, await ScalarAsync("select count(*) from event where xid < pg_snapshot_xmax(pg_current_snapshot())"));
    }

    [PostgresTheory]
    [InlineData("12-0199a1b2000070008000000000000001", 0)]
    [InlineData("12-0199a1b2000070008000000000000001-7", 7)]
    public void A_cursor_is_read_as_it_was_written_also_by_the_version_before(string text, long known)
    {
        var cursor = EventCursor.Parse(text);

        Assert.Equal(new EventCursor(12, new("0199a1b2-0000-7000-8000-000000000001"), known), cursor);
        Assert.Equal(text, cursor.ToString());
    }

    [PostgresTheory]
    [InlineData("12")]
    [InlineData("-0199a1b2000070008000000000000001")]
    [InlineData("12-0199a1b2000070008000000000000001-")]
    [InlineData("12-0199a1b2000070008000000000000001-x")]
    [InlineData("12-0199a1b2000070008000000000000001-7-7")]
    [InlineData("12-0199a1b2-0000-7000-8000-000000000001")]
    public void Anything_else_is_no_cursor(string text) => Assert.Null(EventCursor.Parse(text));

    private static DateTimeOffset Until(EventReading reading) => Assert.IsType<EventReading.Gone>(reading).Until;

    private static (ulong, Guid) Place(EventCursor cursor) => (cursor.Transaction, cursor.Id);

    private static IEnumerable<EventCursor> Cursors(EventReading reading) => Assert.IsType<EventReading.Page>(reading).Events.Select(happened => happened.Cursor);

    private Task<EventReading> ReadAsync(EventCursor? after, int limit = 10) => _events.ReadAsync(_tenant, after, limit, default);

    private async Task DropAsync(double days) => await TimePartitions.DropAsync(_db, TimePartitions.Event, _started.AddDays(days - 28), default);

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private async Task<EventCursor> AddAsync(ulong transaction, double days, TenantId? tenant = null)
    {
        var id = IdSource.Floor(_started.AddDays(days));
        await using var command = _db.CreateCommand("insert into event (tenant_id, xid, id, type) values ($1, $2::text::xid8, $3, 'test')");
        command.Parameters.Add(new NpgsqlParameter { Value = (tenant ?? _tenant).Value });
        command.Parameters.Add(new NpgsqlParameter { Value = transaction.ToString(System.Globalization.CultureInfo.InvariantCulture) });
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        await command.ExecuteNonQueryAsync();
        return new EventCursor(transaction, id);
    }
}
