using System.Globalization;
using Channels.Testing;
using Xunit.Abstractions;

namespace Channels.Proof;

/// <summary>Scenarios with the smallest settings that still show something. <c>CHANNELS_SEED</c> repeats a run.</summary>
/// <remarks>All of them but <c>cluster</c>, which is run by its command alone.</remarks>
public abstract class ShortProof(ITestOutputHelper output)
{
    protected async Task KeepsAsync(string name)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("CHANNELS_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next(1_000_000);
        output.WriteLine($"CHANNELS_SEED={seed}");

        var verdict = await Scenario.All.Single(scenario => scenario.Name == name).RunAsync(new Course(seed, Brief: true, null, null, output.WriteLine));

        Assert.True(verdict.Holds, $"seed {seed}: {string.Join('\n', Report.Lines(verdict))}");
    }
}

public sealed class ShortCrashProof(ITestOutputHelper output) : ShortProof(output)
{
    [PostgresFact]
    public Task Kills_lose_nothing_and_mark_every_double() => KeepsAsync("crash");

    [PostgresFact]
    public Task Restarts_lose_and_double_nothing() => KeepsAsync("restart");
}

public sealed class ShortOutageProof(ITestOutputHelper output) : ShortProof(output)
{
    [PostgresFact]
    public Task A_store_that_goes_away_is_no_false_200() => KeepsAsync("store");

    [PostgresFact]
    public Task A_provider_in_trouble_gets_nothing_twice() => KeepsAsync("brownout");
}

public sealed class ShortTrafficProof(ITestOutputHelper output) : ShortProof(output)
{
    [PostgresFact]
    public Task Interleaved_conversations_keep_their_order() => KeepsAsync("order");

    [PostgresFact]
    public Task Webhooks_three_times_are_one_message() => KeepsAsync("repetition");

    [PostgresFact]
    public Task Poison_harms_nobody_else() => KeepsAsync("poison");
}

public sealed class ShortWaitProof(ITestOutputHelper output) : ShortProof(output)
{
    [PostgresFact]
    public Task An_agent_in_trouble_is_excused_or_relieved_by_a_person() => KeepsAsync("agent");

    [PostgresFact]
    public Task A_clock_that_jumps_loses_and_doubles_nothing() => KeepsAsync("clock");
}

public sealed class ShortLoadProof(ITestOutputHelper output) : ShortProof(output)
{
    [PostgresFact]
    public Task A_tenant_that_floods_loses_nothing_and_costs_its_neighbour_nothing() => KeepsAsync("noisy");

    [PostgresFact]
    public Task A_flood_that_is_cut_off_keeps_what_it_was_told() => KeepsAsync("flood");

    [PostgresFact]
    public Task A_start_with_a_backlog_loses_and_doubles_nothing() => KeepsAsync("cold");

    [PostgresFact]
    public Task What_was_acknowledged_before_a_kill_is_answered_after_it() => KeepsAsync("recovery");
}
