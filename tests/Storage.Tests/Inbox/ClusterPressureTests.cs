using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Testing;
using Npgsql;

namespace Channels.Storage.Tests.Inbox;

/// <summary>A front end that is flooded, and a silo that takes no webhooks.</summary>
[Collection(AloneInTheProcess.Name)]
public sealed class ClusterPressureTests : IClassFixture<PostgresFixture>
{
    private static readonly TenantId Heavy = Webhooks.Tenant(1);
    private static readonly TenantId Light = Webhooks.Tenant(2);
    private static readonly Guid FrontEnd = new(7, 0, 0, new byte[8]);

    private readonly PostgresFixture _postgres;
    private readonly ManualClock _frontEndsClock = new();
    private readonly ManualClock _silosClock = new();
    private readonly LogCollector _log = new();
    private readonly InboxTraffic _frontEnd;
    private readonly InboxTraffic _silosOwn;
    private readonly ClusterPressure _silo;

    public ClusterPressureTests(PostgresFixture postgres)
    {
        _postgres = postgres;
        _frontEnd = new InboxTraffic(_frontEndsClock);
        _silosOwn = new InboxTraffic(_silosClock);
        _silo = new ClusterPressure(_silosOwn, _silosClock);
    }

    [Fact]
    public void A_silo_gives_way_to_what_a_front_end_tells_it_and_for_no_longer_than_it_is_told()
    {
        var calm = (_silo.Room, _silo.MustRest, _silo.OthersAreAbout);
        Flood();

        Tell();

        Assert.True(_silo.IsMadeBy(Heavy));
        Assert.True(_silo.IsRationed(Heavy));
        Assert.Equal((_frontEnd.Room, true, true), (_silo.Room, _silo.MustRest, _silo.OthersAreAbout));
        Assert.True(_silo.Room < calm.Room);
        Assert.False(_silo.IsMadeBy(Light));
        Assert.False(_silo.IsRationed(Light));

        _silosClock.Advance(TimeSpan.FromSeconds(1));

        // That others are about holds longer, as in one process: conversations pause.
        Assert.False(_silo.IsMadeBy(Heavy));
        Assert.False(_silo.IsRationed(Heavy));
        Assert.Equal((calm.Room, false, true), (_silo.Room, _silo.MustRest, _silo.OthersAreAbout));

        _silosClock.Advance(TimeSpan.FromSeconds(25));

        Assert.Equal(calm, (_silo.Room, _silo.MustRest, _silo.OthersAreAbout));
    }

    [Fact]
    public void A_report_takes_the_place_of_the_one_before_it_and_of_several_front_ends_the_busiest_counts()
    {
        Flood();
        Tell();
        _silo.Take(new PressureReport(Guid.Empty, Room: null, MustRest: false, IsHigh: false, OthersAreAbout: false, []));
        Assert.True(_silo.IsMadeBy(Heavy));

        _silo.Take(new PressureReport(FrontEnd, Room: null, MustRest: false, IsHigh: false, OthersAreAbout: false, []));

        Assert.False(_silo.IsMadeBy(Heavy));
        Assert.False(_silo.MustRest);
    }

    [Fact]
    public void A_silo_that_takes_webhooks_itself_gives_way_to_its_own_pressure_too()
    {
        _silosOwn.Committed(Webhooks.Of(Heavy, 100), waiting: 1000);

        Assert.True(_silo.IsMadeBy(Heavy));
        Assert.Equal(_silosOwn.Room, _silo.Room);
    }

    [Fact]
    public void However_many_flood_a_report_fits_a_notification_and_names_those_who_send_most()
    {
        for (var tenant = 1; tenant <= 400; tenant++)
        {
            _frontEnd.Committed(Webhooks.Of(Webhooks.Tenant(tenant), 100 + tenant), waiting: 1000);
        }

        var told = _frontEnd.Report(FrontEnd).Written();

        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(told), 5000, 7999);
        var read = PressureReport.Read(told);
        Assert.NotNull(read);
        Assert.True(read.Names(Webhooks.Tenant(400)));
        Assert.False(read.Names(Webhooks.Tenant(1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("busy")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"From":"7","Notable":[]}""")]
    public void What_another_version_tells_is_no_report(string told) => Assert.Null(PressureReport.Read(told));

    [PostgresFact]
    public async Task Front_end_and_silo_hear_of_each_other_through_the_store_also_after_a_connection_was_lost()
    {
        await using var database = new ChannelsDatabase((await _postgres.CreateDatabaseAsync()).ConnectionString);
        using var telling = News(database, _frontEnd, new ClusterPressure(_frontEnd, _frontEndsClock));
        using var hearing = News(database, _silosOwn, _silo);
        await telling.StartAsync(default);
        await hearing.StartAsync(default);
        try
        {
            Flood();
            await Eventually.TrueAsync("the front end's pressure, heard", () => _silo.IsMadeBy(Heavy) && _silo.MustRest);

            // Its end is told as well: the silo's clock stands still, so it is not merely out of date.
            _frontEndsClock.Advance(TimeSpan.FromSeconds(1));
            await Eventually.TrueAsync("the end of it, heard", () => !_silo.IsMadeBy(Heavy) && !_silo.MustRest);

            await using (var cut = database.Pipeline.CreateCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and query like 'listen%'"))
            {
                Assert.Equal(2L, await cut.ExecuteScalarAsync());
            }

            await Eventually.TrueAsync("a line of each that it hears nothing", () => _log.Entries.Count(entry => entry.Event.Id == 2106) == 2);
            Flood();
            await Eventually.TrueAsync("the front end's pressure, heard again", () => _silo.IsMadeBy(Heavy));
        }
        finally
        {
            await telling.StopAsync(default);
            await hearing.StopAsync(default);
        }
    }

    private PressureNews News(ChannelsDatabase database, InboxTraffic traffic, ClusterPressure pressure) =>
        new(database, traffic, pressure, new IdSource(TimeProvider.System), TimeProvider.System, _log.For<PressureNews>());

    private void Tell() => _silo.Take(PressureReport.Read(_frontEnd.Report(FrontEnd).Written())!);

    // One who sends little is seen in the second window after its own.
    private void Flood()
    {
        for (var window = 0; window < 5; window++)
        {
            _frontEnd.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 1)], waiting: 1000);
            _frontEndsClock.Advance(TimeSpan.FromMilliseconds(250));
        }

        _frontEnd.Committed([.. Webhooks.Of(Heavy, 100), .. Webhooks.Of(Light, 1)], waiting: 1000);
    }
}
