using Channels.Testing;
using Xunit.Abstractions;

namespace Channels.Proof;

/// <summary>The scenarios with the smallest settings that still show something. <c>CHANNELS_SEED</c> repeats a run.</summary>
public sealed class ShortProofTests(ITestOutputHelper output)
{
    [PostgresTheory]
    [InlineData("crash")]
    [InlineData("restart")]
    [InlineData("order")]
    public async Task The_promise_is_kept_in_small(string name)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("CHANNELS_SEED"), System.Globalization.CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next(1_000_000);
        output.WriteLine($"CHANNELS_SEED={seed}");

        var verdict = await Scenario.All.Single(scenario => scenario.Name == name).RunAsync(new Course(seed, Brief: true, null, null, output.WriteLine));

        Assert.True(verdict.Holds, $"seed {seed}: {string.Join('\n', Report.Lines(verdict))}");
    }
}
