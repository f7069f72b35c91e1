using System.Net;
using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;
using Npgsql;

namespace Channels.Spine.Tests;

public sealed class SessionTests : SpineTest, IClassFixture<PairingSpine>, IClassFixture<PostgresFixture>
{
    private readonly PostgresFixture _databases;

    public SessionTests(PairingSpine spine, PostgresFixture databases)
        : base(spine)
    {
        _databases = databases;
        spine.KeepSecret("2@fake-");
    }

    [PostgresFact]
    public async Task A_short_break_raises_no_alarm()
    {
        var pair = await (await PairedChannel.CreateAsync(Spine)).PairedAsync();

        await pair.Gateway.BreakAsync(pair.Instance);
        await pair.SeenAsync("the break", seen => seen.SessionStatus == "STARTING");
        Assert.Equal("active", await pair.Channel.StatusAsync());
        await pair.Gateway.MendAsync(pair.Instance);

        await pair.WorkingAsync();
        Assert.Equal(["connecting", "active"], await pair.HistoryAsync());
    }

    [PostgresFact]
    public async Task A_break_that_lasts_is_said_and_the_connection_is_brought_back()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync();
        gateway.Pairing.Connects = false;

        await gateway.Pairing.BreakAsync(pair.Instance, attempts: 20);
        await Until.SeenAsync("the channel to be connecting", pair.Channel.StatusAsync, status => status == "connecting");
        gateway.Pairing.Connects = true;

        // The gateway does not bring it back by itself: we tell it to restart, and never to open a second connection.
        await pair.WorkingAsync();
        Assert.Equal(["connecting", "active", "connecting", "active"], await pair.HistoryAsync());
        Assert.Contains($"POST /instance/restart/{pair.Shop.Name}", gateway.Calls);
        Assert.Equal(0, pair.Instance.SecondConnections);
    }

    [PostgresFact]
    public async Task A_scan_whose_webhook_was_lost_is_found_by_asking()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await PairedChannel.CreateAsync(Spine, gateway);
        await pair.ConnectAsync();

        gateway.Pairing.PostsWebhooks = false;
        await gateway.Pairing.ScanAsync(pair.Instance, pair.Number);

        Assert.Equal(EvolutionBodies.Person(pair.Number), (await pair.WorkingAsync()).ConnectedAs);
    }

    [PostgresFact]
    public async Task A_late_webhook_of_an_old_break_is_found_out()
    {
        var pair = await (await PairedChannel.CreateAsync(Spine)).PairedAsync();

        await pair.Channel.DeliverAsync(EvolutionBodies.Connection(pair.Shop.Name, "close", 401));
        await pair.Channel.IdleAsync(webhooksFinished: 1);

        await pair.WorkingAsync();
        Assert.Equal("open", pair.Instance.State);
    }

    [PostgresFact]
    public async Task A_gateway_that_was_away_is_said_to_be_and_its_channels_come_back_by_themselves()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync();

        await gateway.StopAsync();
        var away = await Until.SeenAsync("the gateway to be missed", pair.Channel.StateAsync, state => state.GetProperty("status").GetString() == "error");
        Assert.Equal("provider-unreachable", away.GetProperty("status_code").GetString());
        Assert.Contains("gateway", away.GetProperty("next_step").GetString(), StringComparison.Ordinal);
        await pair.Shop.SaysAsync(Spine.NewNumber(), Words());
        await gateway.StartAgainAsync();

        await Until.SeenAsync("the channel to be active", pair.Channel.StatusAsync, status => status == "active");
        await pair.Shop.SentAsync(1);
    }

    [PostgresFact]
    public async Task A_gateway_without_licence_is_the_gateways_fault_and_heals_by_itself()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync();

        var working = (await pair.Channel.StateAsync()).GetProperty("status_since").GetDateTimeOffset();
        gateway.LicenceMissing = true;
        var blocked = await Until.SeenAsync("the licence to be missed", pair.Channel.StateAsync, state => state.GetProperty("status_code").GetString() == "license-required");
        Assert.Equal("Activate the gateway's licence; it is tried again by itself.", blocked.GetProperty("next_step").GetString());
        Assert.True(blocked.GetProperty("status_since").GetDateTimeOffset() > working);
        Assert.Equal(("WORKING", "error", "license-required"), (await pair.WatchAsync()) is { } seen ? (seen.SessionStatus, seen.Status, seen.ReasonCode) : default);
        Assert.Contains("activated", blocked.GetProperty("status_reason").GetString(), StringComparison.Ordinal);
        gateway.LicenceMissing = false;

        await Until.SeenAsync("the channel to be active", pair.Channel.StatusAsync, status => status == "active");
        Assert.Equal(["connecting", "active"], await pair.HistoryAsync());
    }

    [PostgresFact]
    public async Task A_refresh_restarts_a_working_connection_and_keeps_its_pairing()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync();

        Assert.Contains((await pair.RefreshAsync()).SessionStatus, (string[])["STARTING", "WORKING"]);

        Assert.Contains($"POST /instance/restart/{pair.Shop.Name}", gateway.Calls);
        await pair.WorkingAsync();
        Assert.Equal(["connecting", "active"], await pair.HistoryAsync());
    }

    [PostgresFact]
    public async Task A_gateway_that_restarts_loads_its_instances_and_nobody_is_told_of_an_end()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync();

        gateway.Pairing.IsStarting = true;
        await pair.SeenAsync("the session to be away", seen => seen.SessionStatus == "STARTING");
        var early = await pair.AskAsync(HttpMethod.Delete);
        gateway.Pairing.IsStarting = false;

        Assert.Equal(HttpStatusCode.BadGateway, early.Status);
        await pair.WorkingAsync();
        Assert.Equal(["connecting", "active"], await pair.HistoryAsync());
        Assert.Equal(0, pair.Instance.SecondConnections);
    }

    [PostgresFact]
    public async Task A_channel_switched_off_while_its_gateway_is_asked_stays_off()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync();
        var go = await QuestionHeldAsync(gateway);

        await pair.Channel.DeactivateAsync();
        go.SetResult();
        gateway.Before = null;
        await pair.Channel.DeliverAsync(EvolutionBodies.Connection(pair.Shop.Name, "open", 200));
        await pair.Channel.IdleAsync(webhooksFinished: 1);

        Assert.Equal("inactive", await pair.Channel.StatusAsync());
        Assert.Equal(("inactive", "STOPPED", "switched-off"), (await pair.WatchAsync()) is { } seen ? (seen.Status, seen.SessionStatus, seen.ReasonCode) : default);
        Assert.Equal(["connecting", "active", "inactive"], await pair.HistoryAsync());
    }

    [PostgresFact]
    public async Task A_log_out_that_is_not_answered_changes_nothing_and_switches_nothing_on()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync();
        await pair.Channel.DeactivateAsync();
        gateway.Before = async (http, call, _) =>
        {
            if (call != "/instance/logout")
            {
                return false;
            }

            http.Abort();
            await Task.Yield();
            return true;
        };

        Assert.Equal(HttpStatusCode.BadGateway, (await pair.AskAsync(HttpMethod.Delete)).Status);

        Assert.Equal(("inactive", "STOPPED", "switched-off"), (await pair.WatchAsync()) is { } seen ? (seen.Status, seen.SessionStatus, seen.ReasonCode) : default);
        gateway.Before = null;
        Assert.Equal(("inactive", "STOPPED", "switched-off"), (await pair.LogOutAsync()) is { } off ? (off.Status, off.SessionStatus, off.ReasonCode) : default);
        Assert.Equal("close", pair.Instance.State);
    }

    [PostgresFact]
    public async Task A_status_that_could_not_be_written_is_written_when_the_store_is_well_again()
    {
        var database = await _databases.CreateDatabaseAsync();
        await using var gateway = await FakeEvolution.StartAsync();
        await using var product = await Product.StartAsync(database.ConnectionString, Spine.Settings);
        using var tenant = await ChannelsClient.NewTenantAsync(product);
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway, tenant)).PairedAsync();
        await RunAsync(database, """
            create function nope() returns trigger language plpgsql as
            $f$ begin if new.status = 'disconnected' then raise exception 'no' using errcode = '57P01'; end if; return new; end $f$
            """);
        await RunAsync(database, "create trigger nope before update on account for each row execute function nope()");

        gateway.Pairing.PostsWebhooks = false;
        gateway.Instances.TryRemove(pair.Shop.Name, out _);
        await pair.SeenAsync("memory to know", seen => seen.SessionStatus == "STOPPED");
        Assert.Equal("active", await pair.Channel.StatusAsync());
        await RunAsync(database, "drop trigger nope on account");

        await Until.SeenAsync("the channel to be disconnected", pair.Channel.StatusAsync, status => status == "disconnected");
    }

    [PostgresFact]
    public async Task Accounts_paired_before_sessions_were_kept_are_looked_after()
    {
        var database = await _databases.CreateDatabaseAsync();
        await using var gateway = await FakeEvolution.StartAsync();
        await using var product = await Product.StartAsync(database.ConnectionString, Spine.Settings);
        using var tenant = await ChannelsClient.NewTenantAsync(product);
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway, tenant)).PairedAsync();
        await product.KillAsync();
        await RunAsync(database, "delete from session");
        await RunAsync(database, "delete from schema_migration where number = 15");
        await product.StartAgainAsync();
        await RunAsync(database, "update session set due_at = now()");

        gateway.Pairing.PostsWebhooks = false;
        await gateway.Pairing.PhoneLogsOutAsync(pair.Instance);

        await Until.SeenAsync("the end to be noticed", pair.Channel.StatusAsync, status => status == "disconnected");
    }

    [PostgresFact]
    public async Task A_channel_deleted_while_its_gateway_is_asked_leaves_no_session()
    {
        var database = await _databases.CreateDatabaseAsync();
        await using var gateway = await FakeEvolution.StartAsync();
        await using var product = await Product.StartAsync(database.ConnectionString, Spine.Settings);
        using var tenant = await ChannelsClient.NewTenantAsync(product);
        var pair = await (await PairedChannel.CreateAsync(Spine, gateway, tenant)).PairedAsync();
        var go = await QuestionHeldAsync(gateway);

        await tenant.DeleteAsync($"/api/v1/channels/{pair.Channel.Id}");
        go.SetResult();
        await product.StopAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("0 sessions, inactive, archived", await ScalarAsync(
            database, "select (select count(*) from session) || ' sessions, ' || a.status || ', ' || c.status from account a join connector c on c.id = a.connector_id"));
    }

    [PostgresFact]
    public async Task A_person_is_served_while_other_accounts_of_the_gateway_hang()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var stuck = new List<PairedChannel>();
        for (var i = 0; i < 6; i++)
        {
            stuck.Add(await (await PairedChannel.CreateAsync(Spine, gateway)).PairedAsync());
        }

        var (names, hanging) = (stuck.Select(pair => pair.Shop.Name).ToHashSet(StringComparer.Ordinal), 0);
        gateway.Before = async (http, _, name) =>
        {
            if (!names.Contains(name))
            {
                return false;
            }

            Interlocked.Increment(ref hanging);
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        await Until.SeenAsync("all places to be taken", () => Task.FromResult(Volatile.Read(ref hanging)), hung => hung >= 4);

        var pair = await PairedChannel.CreateAsync(Spine, gateway);

        Assert.Equal("SCAN_QR_CODE", (await pair.ConnectAsync()).SessionStatus);
    }

    [PostgresFact]
    public async Task What_was_switched_off_stays_off_and_comes_back_when_activated()
    {
        var pair = await (await PairedChannel.CreateAsync(Spine)).PairedAsync();

        await pair.Channel.DeactivateAsync();
        await pair.Gateway.BreakAsync(pair.Instance);
        await pair.Gateway.MendAsync(pair.Instance);
        await pair.Channel.IdleAsync(webhooksFinished: 4);
        Assert.Equal(("inactive", "STOPPED", "switched-off"), (await pair.WatchAsync()) is { } seen ? (seen.Status, seen.SessionStatus, seen.ReasonCode) : default);
        Assert.Equal("inactive", await pair.Channel.StatusAsync());
        await pair.Channel.ActivateAsync();

        await pair.WorkingAsync();
    }

    [PostgresFact]
    public async Task After_a_crash_the_pairing_goes_on_where_it_was()
    {
        var database = await _databases.CreateDatabaseAsync();
        await using var product = await Product.StartAsync(database.ConnectionString, Spine.Settings);
        using var tenant = await ChannelsClient.NewTenantAsync(product);
        var pair = await PairedChannel.CreateAsync(Spine, tenant: tenant);
        await pair.ConnectAsync();

        await product.KillAsync();
        await product.StartAgainAsync();
        await pair.SeenAsync("a code after the crash", seen => seen is { SessionStatus: "SCAN_QR_CODE", QrCodeRaw: not null });
        await product.KillAsync();
        await pair.Gateway.ScanAsync(pair.Instance, pair.Number);
        await product.StartAgainAsync();

        // The webhook met nobody; nobody watches either: the sweep finds it due.
        await Until.SeenAsync("the channel to be active", pair.Channel.StatusAsync, status => status == "active");
    }

    // The gateway has been asked how the session stands, and does not answer before it is told to.
    private static async Task<TaskCompletionSource> QuestionHeldAsync(FakeEvolution gateway)
    {
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        gateway.Before = async (_, call, _) =>
        {
            if (call == "/instance/connectionState")
            {
                asked.TrySetResult();
                await go.Task;
            }

            return false;
        };
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
        return go;
    }

    private static async Task RunAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
