using Channels.Orleans.Conformance.Life;
using Channels.Orleans.Conformance.Reminders;
using Channels.Orleans.Conformance.State;
using Channels.Testing;
using Npgsql;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Channels.Orleans.Conformance.Contract;

public interface INumberedPurse : IGrainWithIntegerKey
{
    Task PutAsync(int coins);
}

public sealed class NumberedPurseGrain([PersistentState("counter")] IPersistentState<Purse> purse) : Grain, INumberedPurse
{
    public Task PutAsync(int coins)
    {
        purse.State.Coins = coins;
        return purse.WriteStateAsync();
    }
}

public interface IIdentifiedPurse : IGrainWithGuidKey
{
    Task PutAsync(int coins);
}

public sealed class IdentifiedPurseGrain([PersistentState("s")] IPersistentState<Purse> purse) : Grain, IIdentifiedPurse
{
    public Task PutAsync(int coins)
    {
        purse.State.Coins = coins;
        return purse.WriteStateAsync();
    }
}

/// <summary>Both runtimes write the same rows with the same parameters: a machine that becomes a cluster finds everything again.</summary>
public sealed class PostgresContractTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private NpgsqlDataSource? _database;
    private readonly Stage _stage = new();
    private readonly string _service = $"service-{SharedHost.NewNumber()}";

    public async Task InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        using var tables = new StreamReader(typeof(PostgresContractTests).Assembly.GetManifestResourceStream("orleans.sql")!);
        await ExecuteAsync(await tables.ReadToEndAsync());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [PostgresFact]
    public async Task State_is_stored_under_the_columns_derived_from_its_key()
    {
        await RecordParametersAsync();
        await using (var host = await StartAsync())
        {
            await host.Grains.GetGrain<INumberedPurse>(42).PutAsync(1);
            await host.Grains.GetGrain<IIdentifiedPurse>(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")).PutAsync(2);
            await host.Grains.GetGrain<IPurse>("ctr0").PutAsync(3);
            await host.Grains.GetGrain<IPurse>("7+x").PutAsync(4);
            await host.Grains.GetGrain<IPurse>("00112233445566778899aabbccddeeff+long/ext").PutAsync(5);
        }

        var rows = await QueryAsync(
            $"select state_name, n0, n1, ext, convert_from(payload, 'UTF8'), version from grain_state where service_id = '{_service}' order by payload");
        var seen = await QueryAsync($"select n1, ext, id_hash, type, type_hash, version from seen where service = '{_service}' order by payload");
        Assert.Equal(
            [
                ["counter", 0L, 42L, "", """{"Coins":1}""", 1],
                ["s", 7383445245961249331L, -4822678189205112L, "", """{"Coins":2}""", 1],
                ["purse", 0L, 0L, "ctr0", """{"Coins":3}""", 1],
                ["purse", 0L, 7L, "x", """{"Coins":4}""", 1],
                ["purse", 7383445245961249331L, -4822678189205112L, "long/ext", """{"Coins":5}""", 1],
            ],
            rows);
        Assert.Equal(
            [
                [42L, null, -110949262, "counter", -747196292, null],
                [-4822678189205112L, null, 189902723, "s", -1299640262, null],
                [0L, "ctr0", -795393108, "purse", seen[2][4], null],
            ],
            seen.Take(3));
    }

    [PostgresFact]
    public async Task Versions_count_up_and_a_stale_one_is_refused()
    {
        var key = SharedHost.NewKey();
        await using var host = await StartAsync();
        var grain = host.Grains.GetGrain<IPurse>(key);
        Assert.False((await grain.ReadAsync()).HasVersion);
        await grain.PutAsync(1);
        var before = await grain.PutAsync(2);
        await ExecuteAsync($"update grain_state set version = 10, payload = '{{\"Coins\":50}}' where service_id = '{_service}' and ext = '{key}'");

        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.PutAsync(3));

        var after = await grain.PutAsync((await grain.ReadAsync()).Coins + 1);
        Assert.Equal((51, true), (after.Coins, after.Exists));
        Assert.NotEqual(before.Activation, after.Activation);
        Assert.Equal(11, (await QueryAsync($"select version from grain_state where service_id = '{_service}' and ext = '{key}'"))[0][0]);
    }

    [PostgresFact]
    public async Task A_first_write_that_comes_second_is_refused()
    {
        var key = SharedHost.NewKey();
        await using var host = await StartAsync();
        var grain = host.Grains.GetGrain<IPurse>(key);
        await grain.ReadAsync();
        await ExecuteAsync($"insert into grain_state values ('{_service}', 'purse', 0, 0, '{key}', '{{\"Coins\":5}}', 1)");

        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.PutAsync(3));

        Assert.Equal(5, (await grain.ReadAsync()).Coins);
    }

    [PostgresFact]
    public async Task A_cleared_state_keeps_its_row_and_version()
    {
        var key = SharedHost.NewKey();
        await using var host = await StartAsync();
        var grain = host.Grains.GetGrain<IPurse>(key);
        await grain.ClearAsync();
        await grain.PutAsync(1);

        var cleared = await grain.ClearAsync();
        await grain.LeaveAsync();
        var read = await grain.ReadAsync();
        await grain.PutAsync(7);

        Assert.Equal((0, false, true), (cleared.Coins, cleared.Exists, cleared.HasVersion));
        Assert.Equal((0, false, true), (read.Coins, read.Exists, read.HasVersion));
        Assert.Equal([[3]], await QueryAsync($"select version from grain_state where service_id = '{_service}' and ext = '{key}'"));
    }

    [PostgresFact]
    public async Task A_reminder_is_stored_as_Orleans_does_and_rings_after_a_restart()
    {
        await using (var host = await StartAsync())
        {
            await host.Grains.GetGrain<IReminded>("r/1").SetAsync("wake", TimeSpan.FromMilliseconds(900), TimeSpan.FromSeconds(1));
            await host.Grains.GetGrain<IReminded>("r/1").SetAsync("rare", TimeSpan.FromDays(30), TimeSpan.FromDays(30));
        }

        var rows = await QueryAsync($"select grain_id, name, period_ms, grain_hash, version from reminder where service_id = '{_service}' order by name");
        await using (await StartAsync())
        {
            await _stage.Reached("r/1 wake 2 1");
        }

        Assert.Equal([["reminded/r/1", "rare", 2592000000L, -1439345268, 0], ["reminded/r/1", "wake", 1000L, -1439345268, 0]], rows);
    }

    [PostgresFact]
    public async Task Ending_a_reminder_deletes_its_row()
    {
        await using var host = await StartAsync();
        var grain = host.Grains.GetGrain<IReminded>(SharedHost.NewKey());
        await grain.SetAsync("a", TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));
        await grain.SetAsync("a", TimeSpan.FromMinutes(6), TimeSpan.FromMinutes(6));

        await Assert.ThrowsAsync<ReminderException>(() => grain.EndReplacedAsync("a"));
        await grain.EndTwiceAsync("a");

        Assert.Empty(await QueryAsync($"select 1 from reminder where service_id = '{_service}'"));
    }

    private Task<GrainHosting.GrainHost> StartAsync() => SharedHost.StartAsync(_stage, options =>
    {
        options.Database = _database;
        options.ServiceId = _service;
        options.MinimumReminderPeriod = TimeSpan.FromMilliseconds(500);
    });

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database!.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<List<object?[]>> QueryAsync(string sql)
    {
        await using var command = _database!.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => reader.IsDBNull(column) ? null : reader.GetValue(column))]);
        }

        return rows;
    }

    // The schema ignores the hashes, so the statement itself must show what was sent.
    private Task RecordParametersAsync() => ExecuteAsync("""
        create table seen (service text, n1 bigint, ext text, id_hash int, type text, type_hash int, version int, payload bytea);
        update orleansquery set querytext =
            'insert into seen values (@ServiceId, @GrainIdN1, @GrainIdExtensionString, @GrainIdHash, @GrainTypeString, @GrainTypeHash, @GrainStateVersion, @PayloadBinary);' || querytext
        where querykey = 'WriteToStorageKey'
        """);
}
